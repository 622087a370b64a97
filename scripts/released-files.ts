/** What a release changes in the files that name the version: pure, from texts to texts. */

export interface Release {
  /** Without a `v`. */
  readonly version: string;
  /** YYYY-MM-DD. */
  readonly date: string;
}

/** Files by path from the repository's root. */
export type Texts = Readonly<Record<string, string>>;

const UNRELEASED = /^## (?:Unreleased|\S+ \(unreleased\))\n/m;
const EMPTY_SECTION = "## Unreleased\n\n";

/** Path → how its text changes. The receiver kit takes the version of the whole when it is built. */
const CHANGES: Readonly<Record<string, (text: string, release: Release) => string>> = {
  "CHANGELOG.md": closeSection,
  "package.json": (text, { version }) => replaced(text, /^( {2}"version": ")[^"]*/m, version),
  "package-lock.json": (text, { version }) => {
    const outer = replaced(text, /^( {2}"version": ")[^"]*/m, version);
    return replaced(outer, /^( {6}"version": ")[^"]*/m, version);
  },
  "src/wire/version.ts": (text, { version }) => replaced(text, /(VERSION = ")[^"]*/, version),
  "docs/openapi.json": (text, { version }) => replaced(text, /("info":\{[^}]*?"version":")[^"]*/, version),
};

export const RELEASED_PATHS: readonly string[] = Object.keys(CHANGES);

/** Throws, naming what it misses, when a file does not look as it should. */
export function releasedTexts(texts: Texts, release: Release): Texts {
  return Object.fromEntries(
    Object.entries(CHANGES).map(([path, change]) => {
      try {
        return [path, change(texts[path] ?? "", release)];
      } catch (cause) {
        throw new Error(`${path}: ${cause instanceof Error ? cause.message : cause}`, { cause });
      }
    }),
  );
}

/** What has changed since the last release, from the changelog. */
export function unreleasedNotes(changelog: string): string {
  const [, notes = ""] = changelog.split(UNRELEASED);
  return notes.split(/^## /m)[0]?.trim() ?? "";
}

function closeSection(text: string, { version, date }: Release): string {
  if (unreleasedNotes(text) === "")
    throw new Error('expected changes under "## Unreleased", got none; say what is new before releasing it');
  return text.replace(UNRELEASED, `${EMPTY_SECTION}## ${version} (${date})\n`);
}

function replaced(text: string, pattern: RegExp, version: string): string {
  if (!pattern.test(text))
    throw new Error(`expected ${pattern}, got no such line; release by hand or mend it`);
  return text.replace(pattern, `$1${version}`);
}
