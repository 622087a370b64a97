/** Fields that were said, without what was left open: so that defaults apply, or what is there stays. */
export type Given<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], null | undefined> };

export function given<Fields extends Readonly<Record<string, unknown>>>(fields: Fields): Given<Fields> {
  const said: Given<Fields> = {};
  for (const name in fields) if (fields[name] != null) Object.assign(said, { [name]: fields[name] });
  return said;
}
