/** The repository as tests read it: its files under a folder, its pages, its texts. Paths start at its root. */
import { existsSync, readdirSync, readFileSync } from "node:fs";

const root = new URL("../../", import.meta.url);

export const readRepositoryFile = (path: string): string => readFileSync(new URL(path, root), "utf8");

export const isInRepository = (path: string): boolean => existsSync(new URL(path, root));

/** Files whose names end so, in all folders below one. */
export function filesUnder(folder: string, ending: RegExp): readonly string[] {
  const entries = readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" });
  return entries.filter((entry) => ending.test(entry)).map((entry) => `${folder}/${entry}`);
}

/** All pages for people. */
export function pages(): readonly string[] {
  const atTop = readdirSync(root).filter((name) => name.endsWith(".md"));
  return [...atTop, ...["docs", "examples"].flatMap((folder) => filesUnder(folder, /\.md$/))];
}
