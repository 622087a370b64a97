import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const root = new URL("../../", import.meta.url);
const page = readFileSync(new URL("docs/architecture.md", root), "utf8");
const section = page.split("| room | part |")[1]?.split("\n## ")[0] ?? "";

/** The rooms that have a row of their own, by folder. */
const described = [...section.matchAll(/^\| (?:`src\/app\.ts`, )?`src\/([a-z]+)\/?` \|/gm)].map(
  ([, room]) => room,
);
const folders = readdirSync(new URL("src/", root), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe("docs/architecture.md", () => {
  it("describes each room there is, and no other", () => {
    expect(described.toSorted()).toEqual(folders.toSorted());
  });

  it("names only what is there", () => {
    const paths = [...page.matchAll(/`((?:src|test|[a-z]+)\/[a-z./-]+\.ts)`/g)].map(([, path = ""]) =>
      /^(?:src|test|scripts)\//.test(path) ? path : `src/${path}`,
    );
    expect(paths.length).toBeGreaterThan(15);
    expect(paths.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
  });
});
