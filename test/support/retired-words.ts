/**
 * Finds words that the house has given up, wherever they stand: alone in a sentence, or as a part of a name in any
 * spelling (camelCase, SNAKE_CASE, kebab-case). The list itself is a table of docs/glossary.md.
 */
import { readSource } from "./source-text.ts";

export interface RetiredWord {
  /** Its forms, in kebab-case. */
  readonly forms: readonly string[];
  readonly instead: string;
  /** `names`: it is plain English in a sentence, and looked for in identifiers and paths only. */
  readonly where: "everywhere" | "names";
  /** Files in which it means what it always did. */
  readonly butIn: readonly string[];
}

/** The rows of the glossary's last table. */
export function retiredWords(glossary: string): readonly RetiredWord[] {
  const table = glossary.split("## Retired words\n")[1] ?? "";
  const rows = table.matchAll(/^\| (`[^|]*`) \| ([^|]+) \| (everywhere|names)(?:, but in ([^|]+))? \|$/gm);
  return [...rows].map(([, forms = "", instead = "", where, butIn = ""]) => ({
    forms: spansOf(forms),
    instead,
    where: where === "names" ? "names" : "everywhere",
    butIn: spansOf(butIn),
  }));
}

const spansOf = (text: string): readonly string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, span = ""]) => span);

/** One sentence for each retired word in a file. */
export function retiredIn(path: string, text: string, words: readonly RetiredWord[]): readonly string[] {
  const everywhere = kebab(text);
  const names = path.endsWith(".ts") ? kebab(readSource(text).bare) : "";
  const inPath = kebab(path);
  return words.flatMap(({ forms, instead, where, butIn }) => {
    if (butIn.includes(path)) return [];
    const word = new RegExp(`(?<![\\p{L}\\p{N}])(?:${forms.join("|")})(?![\\p{L}\\p{N}])`, "gu");
    const found = [...(where === "names" ? names : everywhere).matchAll(word)];
    const named = [...inPath.matchAll(word)].map(
      ([form]) => `${path}: its path says "${form}"; say ${instead}`,
    );
    return [...named, ...found.map((match) => `${path}:${lineOf(match)}: "${match[0]}"; say ${instead}`)];
  });
}

const lineOf = ({ input, index }: RegExpMatchArray): number => input?.slice(0, index).split("\n").length ?? 0;

/** Every name in the spelling of the list; lines stay where they are. */
const kebab = (text: string): string =>
  text
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, "$1-$2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1-$2")
    .replaceAll("_", "-")
    .toLowerCase();
