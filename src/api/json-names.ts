/**
 * Names in JSON: a member that is `startedAt` in code is `started_at` there, with the same value. A route's schema
 * picks those that are shown.
 */
type JsonName<Name> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${JsonName<Rest>}`
  : "";
type CodeName<Name> = Name extends `${infer Before}_${infer Rest}`
  ? `${Before}${Capitalize<CodeName<Rest>>}`
  : Name & string;
type InJson<Of> = { readonly [Name in JsonName<keyof Of>]: Of[CodeName<Name> & keyof Of] };

/** The names of its own members only: what is inside them stays as it is. */
export function inJson<Of extends object>(members: Of): InJson<Of> {
  const named = Object.entries(members).map(([name, value]) => [jsonNameOf(name), value]);
  return Object.assign({}, Object.fromEntries(named));
}

/** Names of members are those of our own types, so there are not many. */
const jsonNames = new Map<string, string>();

function jsonNameOf(name: string): string {
  const known = jsonNames.get(name);
  if (known !== undefined) return known;
  const made = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  jsonNames.set(name, made);
  return made;
}

/** ISO 8601 of epoch ms; what is no time stays what it is. */
export function isoOf<Time extends number | null | undefined>(time: Time): string | Exclude<Time, number>;
export function isoOf(time: number | null | undefined): string | null | undefined {
  return typeof time === "number" ? new Date(time).toISOString() : time;
}
