/**
 * Reads prose far enough to hold it against the repository: which traps and decisions a text names, which files and
 * tests a page names, where its links lead. It looks at text only; what exists is for the caller to know.
 */

/** A comment's or a paragraph's lines as one, so that a line's end hides nothing. */
export const unwrapped = (text: string): string =>
  text.replace(/\s*\n\s*(?:\*(?!\*|\/)|\/\/|#(?= ))?\s*/g, " ");

const NUMBERS = String.raw`\d+(?:\s*(?:,\s*and|,|–|-|and|to)\s*\d+)*`;

/** The numbers that a text names after one of the words: "trap 5", "traps 1, 2 and 9", "traps 28–31". */
export function numbersAfter(words: string, text: string): readonly number[] {
  const found = unwrapped(text).matchAll(new RegExp(`\\b(?:${words})\\s+(${NUMBERS})(?!\\d)`, "gi"));
  return [...found].flatMap(([, list = ""]) => expand(list));
}

function expand(list: string): readonly number[] {
  return list.split(/,|\band\b/).flatMap((part) => {
    const [first = 0, last = first] = part.split(/–|-|\bto\b/).map(Number);
    return part.trim() === "" ? [] : Array.from({ length: last - first + 1 }, (_, at) => first + at);
  });
}

/** A page without its fenced blocks, which show code and not prose. */
export const proseOf = (page: string): string => page.replace(/^```[\s\S]*?^```/gm, "");

const ROOMS = "src|test|bench|scripts|docs|examples|deploy";

/** Files and folders that a page names in code spans, from the repository's root. */
export function pathsIn(page: string): readonly string[] {
  const spans = proseOf(page).matchAll(new RegExp(`\`((?:${ROOMS})/[\\w./-]*)\``, "g"));
  return [...spans].map(([, path = ""]) => path);
}

export interface Named {
  readonly path: string;
  readonly what: string;
}

/** Tests that a page names: a file in a code span, a colon, and titles in quotation marks. */
export function testsIn(page: string): readonly Named[] {
  const text = unwrapped(proseOf(page));
  const lists = text.matchAll(/`(test\/[\w./-]+)`:((?:(?:,| and)? "[^"]+"(?: \([^)]*\))?)+)/g);
  return [...lists].flatMap(([, path = "", titles = ""]) =>
    [...titles.matchAll(/"([^"]+)"/g)].map(([, what = ""]) => ({ path, what })),
  );
}

/** Names of the code that a page puts into a file: `src/a.ts` (`one`, `two`), or `one` in `src/a.ts`. */
export function namesIn(page: string): readonly Named[] {
  const text = unwrapped(proseOf(page));
  const behind = text.matchAll(/`(src\/[\w./-]+\.ts)` \(((?:`\w+`(?:, )?)+)\)/g);
  const before = text.matchAll(/`(\w+)` in `(src\/[\w./-]+\.ts)`/g);
  return [
    ...[...behind].flatMap(([, path = "", names = ""]) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, what = ""]) => ({ path, what })),
    ),
    ...[...before].map(([, what = "", path = ""]) => ({ path, what })),
  ];
}

/** Planted defects of the fault matrix that a page names. */
export function defectsIn(page: string): readonly string[] {
  const lists = unwrapped(page).matchAll(/planted defects? ((?:`[\w-]+`(?:, | and )?)+)/gi);
  return [...lists].flatMap(([, list = ""]) =>
    [...list.matchAll(/`([\w-]+)`/g)].map(([, name = ""]) => name),
  );
}

/** The targets of a page's links, but for the rest of the web. */
export function linksIn(page: string): readonly string[] {
  const links = proseOf(page)
    .replace(/`[^`\n]*`/g, "")
    .matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g);
  return [...links].map(([, target = ""]) => target).filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(page: string): readonly string[] {
  return [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
