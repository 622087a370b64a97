/**
 * JSON text in tokens, to be coloured and indented from its text: parsing and writing it again would change big numbers,
 * `1.0`, and members of the same name (trap 34). Text that is no JSON comes out whole, too, as a token of no kind.
 */
type TokenKind = "name" | "string" | "number" | "word" | "mark" | "space" | "other";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const TOKEN =
  /(?<string>"(?:[^"\\]|\\[\s\S])*")|(?<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<word>true|false|null)|(?<mark>[{}[\],:])|(?<space>[ \t\n\r]+)|(?<other>[\s\S])/gy;
const KINDS = ["string", "number", "word", "mark", "space"] as const;

/** Put together again they are the text. */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const { 0: found, groups = {} } of text.matchAll(TOKEN)) {
    const kind = KINDS.find((name) => groups[name] !== undefined) ?? "other";
    if (found === ":") nameLastString(tokens);
    tokens.push({ kind, text: found });
  }
  return tokens;
}

/** A string before a colon is a member's name. */
function nameLastString(tokens: Token[]): void {
  const at = tokens.findLastIndex(({ kind }) => kind !== "space");
  const last = tokens[at];
  if (last?.kind === "string") tokens[at] = { kind: "name", text: last.text };
}

const INDENT = "  ";

/** With other white space between the tokens, and nothing else changed. */
export function indented(tokens: readonly Token[]): readonly Token[] {
  const all = tokens.filter(({ kind }) => kind !== "space");
  let depth = 0;
  return all.flatMap((token, at) => {
    const next = all[at + 1];
    const opens = token.kind === "mark" && (token.text === "{" || token.text === "[");
    if (opens) depth += 1;
    const closesNext = next?.kind === "mark" && (next.text === "}" || next.text === "]");
    if (closesNext) depth = Math.max(0, depth - 1);
    const space = spaceAfter(token, opens, closesNext, next === undefined, depth);
    return space === "" ? [token] : [token, { kind: "space", text: space } as const];
  });
}

function spaceAfter(
  { kind, text }: Token,
  opens: boolean,
  closesNext: boolean,
  isLast: boolean,
  depth: number,
): string {
  if (isLast || (opens && closesNext)) return "";
  if (kind === "mark" && text === ":") return " ";
  const breaks = opens || closesNext || (kind === "mark" && text === ",");
  return breaks ? `\n${INDENT.repeat(depth)}` : "";
}
