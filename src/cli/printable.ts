/** Text from outside for a person's terminal: one line, cut short, and nothing in it that a terminal would obey. */

/** At most `maxCharacters`, and `…` where something is missing. */
export function printable(text: string, maxCharacters: number): string {
  const safe = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (unsafe) =>
    /\s/.test(unsafe) ? " " : "·",
  );
  return safe.length <= maxCharacters ? safe : `${safe.slice(0, maxCharacters - 1)}…`;
}
