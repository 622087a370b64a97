/** Traps, decisions, files, tests and links that the code and the pages name: all of them are in the repository. */
import { posix } from "node:path";
import { describe, expect, it } from "vitest";
import { DELIVERY_STATUSES } from "../../src/core/delivery.ts";
import { HOLD_REASONS } from "../../src/core/outcome.ts";
import { BURY_REASONS } from "../../src/core/verdict.ts";
import { DEFECTS } from "../chaos/harness/defects.ts";
import {
  anchorsOf,
  defectsIn,
  linksIn,
  namesIn,
  numbersAfter,
  pathsIn,
  testsIn,
  unwrapped,
} from "../support/doc-references.ts";
import { filesUnder, isInRepository, pages, readRepositoryFile } from "../support/repository.ts";

/** A change log says what was true then. */
const presentPages = pages().filter((page) => page !== "CHANGELOG.md");
const sources = ["src", "test", "bench", "scripts"].flatMap((folder) => filesUnder(folder, /\.(?:ts|sh)$/));
const written = [...sources, ...pages(), ".ci/run"];

const traps = readRepositoryFile("docs/traps.md");
const trapSections = traps.split(/^### /m).slice(1);
const trapNumbers = trapSections.flatMap((section) => numbersAfter("^Trap", section.split(":")[0] ?? ""));
const decisions = filesUnder("docs/decisions", /^\d{3}-[\w-]+\.md$/).toSorted();
const decisionNumbers = decisions.map((path) => Number(posix.basename(path).slice(0, 3)));

/** The numbers that the files name and that are not known, each with its file. */
function unknown(words: string, known: readonly number[], files: readonly string[]): readonly string[] {
  return files.flatMap((file) =>
    numbersAfter(words, readRepositoryFile(file)).flatMap((number) =>
      known.includes(number) ? [] : [`${file}: ${words} ${number}`],
    ),
  );
}

describe("a reason that the code points to", () => {
  it("has its heading in docs/traps.md, or its file in docs/decisions", () => {
    expect(unknown("traps?", trapNumbers, written)).toEqual([]);
    expect(unknown("decisions?", decisionNumbers, written)).toEqual([]);
  });

  it("is found however it is written", () => {
    const one = "(trap 5). See traps 1, 2\n * and 9; Traps 28–31, and\n// trap\n// 40; trapped 7 times";
    expect(numbersAfter("traps?", one)).toEqual([5, 1, 2, 9, 28, 29, 30, 31, 40]);
  });

  it("is in the repository: no comment and no page points to a document that is not", () => {
    const outside =
      /\bdesign, (?:decision|section)|\bthe design's\b|\bdesign(?: document|\.md)|known-traps|\.\.\/shared\//i;
    const pointing = written.filter(
      (file) => !file.endsWith("reasons.test.ts") && outside.test(unwrapped(readRepositoryFile(file))),
    );
    expect(pointing).toEqual([]);
    const unnamed = /(?<!RFC \d{4}, )\bsections? \d/i;
    expect(sources.filter((file) => unnamed.test(unwrapped(readRepositoryFile(file))))).toEqual([]);
  });
});

describe("docs/traps.md", () => {
  it("numbers its traps without a gap", () => {
    expect(trapNumbers).toEqual(trapNumbers.map((_, at) => at + 1));
    expect(trapNumbers.length).toBeGreaterThanOrEqual(44);
  });

  it("says of each what it cost, and either what guards against it or what it waits for", () => {
    const lacking = trapSections.filter(
      (section) => !/\*\*Cost:\*\*/.test(section) || !/\*\*(?:Guard|Waits for):\*\*/.test(section),
    );
    expect(lacking).toEqual([]);
  });
});

describe("docs/decisions", () => {
  it("are numbered without a gap, and the index has each under its title, in order", () => {
    expect(decisionNumbers).toEqual(decisionNumbers.map((_, at) => at + 1));
    const index = [
      ...readRepositoryFile("docs/decisions/README.md").matchAll(/^(\d+)\. \[(.*)\]\((.*)\)$/gm),
    ];
    expect(
      index.map(([, number, title, file]) => [`# ${number}. ${title}`, `docs/decisions/${file}`]),
    ).toEqual(decisions.map((path) => [readRepositoryFile(path).split("\n")[0], path]));
  });

  it.each(decisions)("%s has all its parts", (path) => {
    const parts = [...readRepositoryFile(path).matchAll(/^\*\*([\w ]+)\.\*\*/gm)].map(([, part]) => part);
    expect(parts).toEqual(["Context", "Decision", "Measured", "Consequences", "In the code", "Tests"]);
  });
});

describe("docs/delivery-states.md", () => {
  const page = readRepositoryFile("docs/delivery-states.md");
  const [delivery = "", breaker = ""] = page.split("## A breaker");
  const statesOf = (text: string): ReadonlySet<string> =>
    new Set([...text.matchAll(/^ +(\w+) --> (\w+)/gm)].flatMap(([, from = "", to = ""]) => [from, to]));
  const rowsBelow = (heading: string): readonly (string | undefined)[] =>
    [...(page.split(`${heading}\n`)[1]?.split(/^#/m)[0] ?? "").matchAll(/^\| `(\w+)` \|/gm)].map(
      ([, name]) => name,
    );

  it("draws the states that the code knows, and no other", () => {
    expect([...statesOf(delivery)].toSorted()).toEqual([...DELIVERY_STATUSES, "under_way"].toSorted());
    expect([...statesOf(breaker)].toSorted()).toEqual(["closed", "half_open", "open"]);
  });

  it("has every reason to hold and to bury", () => {
    expect(rowsBelow("### Why one is held").toSorted()).toEqual([...HOLD_REASONS].toSorted());
    expect(rowsBelow("### Why one is buried")).toEqual([...BURY_REASONS]);
  });
});

describe.each(presentPages)("%s", (path) => {
  const page = readRepositoryFile(path);

  it("names files that exist, and names of the code that are in them", () => {
    expect(pathsIn(page).filter((named) => !isInRepository(named))).toEqual([]);
    expect(
      namesIn(page).filter(
        ({ path: file, what }) => !new RegExp(`\\b${what}\\b`).test(readRepositoryFile(file)),
      ),
    ).toEqual([]);
  });

  it("names tests by titles that they have, and defects that can be planted", () => {
    const isThere = ({ path: file, what }: { readonly path: string; readonly what: string }): boolean =>
      isInRepository(file) &&
      ['"', "'", "`"].some((quote) => readRepositoryFile(file).includes(`${quote}${what}${quote}`));
    expect(testsIn(page).filter((one) => !isThere(one))).toEqual([]);
    expect(defectsIn(page).filter((name) => !Object.hasOwn(DEFECTS, name))).toEqual([]);
  });

  it("has links that lead somewhere", () => {
    const broken = linksIn(page).filter((link) => {
      const [target = "", anchor] = link.split("#");
      const file = target === "" ? path : posix.join(posix.dirname(path), target);
      if (!isInRepository(file)) return true;
      return anchor !== undefined && !anchorsOf(readRepositoryFile(file)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

describe("a stranger who begins with README.md", () => {
  it("finds every page by following links", () => {
    const reached = new Set(["README.md"]);
    for (const page of reached) {
      if (!page.endsWith(".md")) continue;
      for (const link of linksIn(readRepositoryFile(page))) {
        const file = posix.join(posix.dirname(page), link.split("#")[0] ?? "");
        if (isInRepository(file)) reached.add(file);
      }
    }
    expect([...presentPages, "CHANGELOG.md", "LICENSE"].filter((page) => !reached.has(page))).toEqual([]);
  });
});

describe("what a page names", () => {
  const page = [
    "See `src/a.ts` (`one`,\n`two`), `three` in `src/b.ts` and `docs/c.md`, [d](d.md#e), not [f](https://f.example).",
    '- `test/g.test.ts`: "is one", "is\n  another" (a remark), and row 3 with the planted defects `h` and `i`',
    "```ts\n`src/shown.ts`; [x](y.md)\n```",
  ].join("\n");

  it("is read from its prose, also across lines", () => {
    expect(pathsIn(page)).toEqual(["src/a.ts", "src/b.ts", "docs/c.md", "test/g.test.ts"]);
    expect(namesIn(page).map(({ path, what }) => `${path} ${what}`)).toEqual([
      "src/a.ts one",
      "src/a.ts two",
      "src/b.ts three",
    ]);
    expect(testsIn(page).map(({ what }) => what)).toEqual(["is one", "is another"]);
    expect(defectsIn(page)).toEqual(["h", "i"]);
    expect(linksIn(page)).toEqual(["d.md#e"]);
    expect(anchorsOf("# A `b`, c\n## Why: d_e?")).toEqual(["a-b-c", "why-d_e"]);
  });
});

describe(".node-version", () => {
  it("is the Node that npm brings", () => {
    const { devDependencies } = JSON.parse(readRepositoryFile("package.json"));
    expect(`^${readRepositoryFile(".node-version").trim()}`).toBe(devDependencies.node);
  });
});
