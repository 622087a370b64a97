/** The words of docs/glossary.md are the only ones: none is explained twice, and what was retired is used nowhere. */
import { describe, expect, it } from "vitest";
import { filesUnder, pages, readRepositoryFile } from "../support/repository.ts";
import { type RetiredWord, retiredIn, retiredWords } from "../support/retired-words.ts";

const glossary = readRepositoryFile("docs/glossary.md");
const retired = retiredWords(glossary);

/** Pages that may tell of the past. */
const isHistory = (path: string): boolean =>
  ["docs/glossary.md", "CHANGELOG.md"].includes(path) || path.startsWith("docs/decisions/");

describe("docs/glossary.md", () => {
  it("explains each word once", () => {
    const explained = [...glossary.matchAll(/^\| ([a-z][a-z -]*(?:, [a-z -]+)?) \| /gm)].flatMap(
      ([, words = ""]) => words.split(", "),
    );
    expect(explained.length).toBeGreaterThan(50);
    expect(explained.filter((word, at) => word !== "word" && explained.indexOf(word) !== at)).toEqual([]);
  });

  it("retires no word that it uses to explain another", () => {
    const [explanations = ""] = glossary.split("## Retired words");
    const inPlainText = retired.filter(({ where }) => where === "everywhere");
    expect(retiredIn("docs/glossary.md", explanations, inPlainText)).toEqual([]);
  });

  it("has a readable row for each retired word", () => {
    const rows = (glossary.split("## Retired words")[1] ?? "")
      .split("\n")
      .filter((line) => line.startsWith("| `"));
    expect(retired.length).toBe(rows.length);
    expect(retired.length).toBeGreaterThanOrEqual(18);
  });
});

describe("a retired word", () => {
  const lane: RetiredWord = { forms: ["lane", "lanes"], instead: "limit", where: "everywhere", butIn: [] };
  const setAside: RetiredWord = {
    forms: ["set-aside"],
    instead: "quarantine",
    where: "everywhere",
    butIn: [],
  };
  const judge: RetiredWord = { forms: ["judge"], instead: "diagnose", where: "names", butIn: ["src/b.ts"] };

  it.each([
    ["// the lane is full", "lane"],
    ["const lanes = new Map();", "lanes"],
    ["class Lane {}", "lane"],
    ["openLane();", "lane"],
    ["const URLLane = 1;", "lane"],
    ["const LANE_MAX = 1;", "lane"],
    ['const text = "endpoint-lane";', "lane"],
    ["await setAside(key);", "set-aside"],
    ['const key = "x:set-aside";', "set-aside"],
    ["const judgeIt = 1;", "judge"],
  ])("is seen in %s", (text, word) => {
    expect(retiredIn("src/a.ts", `\n${text}`, [lane, setAside, judge])).toEqual([
      expect.stringContaining(`src/a.ts:2: "${word}"; say `),
    ]);
  });

  it.each([
    "// a plane, a planet, Lanesborough and explained",
    "const airplane = explanation;",
    "// it was set aside",
    "// the address guard will judge it",
    'const text = "a judge";',
  ])("is not seen in %s", (text) => {
    expect(retiredIn("src/a.ts", text, [lane, setAside, judge])).toEqual([]);
  });

  it("is not seen where it means what it always did", () => {
    expect(retiredIn("src/b.ts", "const judge = 1;", [judge])).toEqual([]);
  });

  it("is excused in no file that does not use it", () => {
    const excused = retired.flatMap((word) =>
      word.butIn.map((path) => ({ path, word: { ...word, butIn: [] } })),
    );
    const idle = excused.filter(
      ({ path, word }) => retiredIn(path, readRepositoryFile(path), [word]).length === 0,
    );
    expect(idle).toEqual([]);
  });

  it("is seen in a file's name", () => {
    expect(retiredIn("src/publish/lane.ts", "", [lane, judge])).toEqual([
      'src/publish/lane.ts: its path says "lane"; say limit',
    ]);
  });

  it("is used nowhere", () => {
    const folders = ["src", "docs", "examples", "bench", "scripts"];
    const code = folders.flatMap((folder) => filesUnder(folder, /\.(?:ts|go|py|json)$/));
    const files = [...code, ...pages(), ".env.example"];
    const used = files
      .filter((path) => !isHistory(path))
      .flatMap((path) => retiredIn(path, readRepositoryFile(path), retired));
    expect(used).toEqual([]);
  });
});
