/**
 * Reads TypeScript source far enough to judge its architecture without a compiler: what is code, what is comment or
 * quoted text, and which modules it imports. It knows strings, nested templates and regular expressions; it does not
 * parse expressions.
 */
export interface SourceText {
  /** The source with comments blanked; same length, same lines. */
  readonly code: string;
  /** `code` with the content of strings, templates and regular expressions blanked as well. */
  readonly bare: string;
  readonly comments: readonly Comment[];
}

export interface Comment {
  /** Its place in the source. */
  readonly at: number;
  /** With its marks. */
  readonly text: string;
}

export interface Import {
  readonly specifier: string;
  readonly isTypeOnly: boolean;
}

const TOKENS = {
  comment: /\/\/[^\n]*|\/\*[\s\S]*?\*\//y,
  string: /"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/y,
  regex: /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y,
  word: /[\w$]+/y,
  templateText: /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y,
} as const;

/** After one of these a slash starts a regular expression; after other words, `)`, `]` and `}` it divides. */
const BEFORE_REGEX = /^(?:return|typeof|case|in|of|do|else|void|delete|await|yield|throw|[^\w$)\]}])?$/;

const blank = (text: string): string => text.replace(/[^\n]/g, " ");
const blankInside = (text: string): string => text.charAt(0) + blank(text.slice(1, -1)) + text.slice(-1);

export function readSource(source: string): SourceText {
  let [code, bare, previous] = ["", "", ""];
  let at = 0;
  /** Open braces inside each template expression we are in, innermost last. */
  const templates: number[] = [];
  const comments: Comment[] = [];

  const match = (token: RegExp): string | undefined => {
    token.lastIndex = at;
    return token.exec(source)?.[0];
  };
  const take = (text: string, inCode: string, inBare: string): void => {
    code += inCode;
    bare += inBare;
    at += text.length;
  };
  const takeTemplateText = (): void => {
    const text = match(TOKENS.templateText) ?? source.slice(at);
    const end = text.endsWith("${") ? "${" : text.slice(-1);
    take(text, text, blank(text.slice(0, -end.length)) + end);
    if (end === "${") templates.push(0);
    previous = end === "${" ? "{" : ")";
  };
  const takeMark = (): void => {
    const mark = source.charAt(at);
    const depth = templates.at(-1);
    take(mark, mark, mark);
    if (mark.trim() !== "") previous = mark;
    if (mark === "`") takeTemplateText();
    else if (mark === "{" && depth !== undefined) templates.push((templates.pop() ?? 0) + 1);
    else if (mark === "}" && depth === 0) {
      templates.pop();
      takeTemplateText();
    } else if (mark === "}" && depth !== undefined) templates.push((templates.pop() ?? 0) - 1);
  };

  while (at < source.length) {
    const comment = match(TOKENS.comment);
    const quoted = match(TOKENS.string) ?? (BEFORE_REGEX.test(previous) ? match(TOKENS.regex) : undefined);
    const word = match(TOKENS.word);
    if (comment !== undefined) {
      comments.push({ at, text: comment });
      take(comment, blank(comment), blank(comment));
    } else if (quoted !== undefined) {
      take(quoted, quoted, blankInside(quoted));
      previous = ")";
    } else if (word !== undefined) {
      take(word, word, word);
      previous = word;
    } else takeMark();
  }
  return { code, bare, comments };
}

const FROM_CLAUSE =
  /\b(?:import|export)\b(?<clause>[\w\s{},*$]*?)\bfrom\s*(?<quote>["'])(?<specifier> *)\k<quote>/dg;
const BARE_IMPORT = /\bimport\s*(?:\(\s*)?(?<quote>["'`])(?<specifier> *)\k<quote>/dg;

/** Static, side-effect and dynamic imports, and re-exports. */
export function importsOf({ code, bare }: SourceText): readonly Import[] {
  const matches = [...bare.matchAll(FROM_CLAUSE), ...bare.matchAll(BARE_IMPORT)];
  return matches.map((match) => {
    const [start, end] = match.indices?.groups?.["specifier"] ?? [0, 0];
    return { specifier: code.slice(start, end), isTypeOnly: isTypeOnly(match.groups?.["clause"] ?? "") };
  });
}

function isTypeOnly(clause: string): boolean {
  const trimmed = clause.trim();
  if (trimmed.startsWith("type ")) return true;
  const names = trimmed.startsWith("{") ? trimmed.slice(1, -1).split(",") : [""];
  return names
    .map((name) => name.trim())
    .every((name, index) => name.startsWith("type ") || (name === "" && index > 0));
}
