/**
 * The shapes that source declares: interfaces and object types with their members, and which of them are declared
 * twice. Two are twins when their members have the same names and at least half of them the same types: the other half
 * is what has drifted already. A shape that extends another does not repeat what it inherits.
 */
import { readSource } from "./source-text.ts";

interface Shape {
  readonly path: string;
  readonly name: string;
  /** Member name → its type, without white space. */
  readonly members: ReadonlyMap<string, string>;
}

/** Two members may meet by chance: `{ id, name }` of a key and of an endpoint are two things. */
const MEMBERS_MIN = 3;
const DECLARATION = /\b(?:interface\s+(\w+)[^{;=]*|type\s+(\w+)(?:<[^=]*>)?\s*=\s*)\{/g;

/** One line for each pair. `files`: path from the repository's root → source. */
export function twins(files: ReadonlyMap<string, string>): readonly string[] {
  const shapes = [...files].flatMap(([path, source]) => shapesIn(path, source));
  return shapes.flatMap((one, at) =>
    shapes
      .slice(at + 1)
      .filter((other) => areTwins(one, other))
      .map(
        (other) => `${one.path} ${one.name} and ${other.path} ${other.name} are one shape, declared twice`,
      ),
  );
}

function areTwins({ members: one }: Shape, { members: other }: Shape): boolean {
  if (one.size !== other.size || one.size < MEMBERS_MIN) return false;
  if (![...one.keys()].every((name) => other.has(name))) return false;
  return [...one].filter(([name, type]) => other.get(name) === type).length * 2 >= one.size;
}

function shapesIn(path: string, source: string): readonly Shape[] {
  const { bare } = readSource(source);
  return [...bare.matchAll(DECLARATION)].map((match) => {
    const start = match.index + match[0].length;
    return { path, name: match[1] ?? match[2] ?? "", members: membersOf(bodyAt(bare, start)) };
  });
}

/** Up to the brace that closes it. */
function bodyAt(bare: string, start: number): string {
  let depth = 1;
  let at = start;
  for (; at < bare.length && depth > 0; at += 1) {
    if (bare[at] === "{") depth += 1;
    if (bare[at] === "}") depth -= 1;
  }
  return bare.slice(start, at - 1);
}

function membersOf(body: string): ReadonlyMap<string, string> {
  const members = splitAtTop(body).map((member) =>
    /^(?:readonly\s+)?(\w+)(\??):([\s\S]*)$/.exec(member.trim()),
  );
  return new Map(
    members
      .filter((member) => member !== null)
      .map(([, name = "", optional = "", type = ""]) => [name, optional + type.replace(/\s+/g, "")]),
  );
}

/** At the semicolons that lie in no bracket. */
function splitAtTop(body: string): readonly string[] {
  const parts = [""];
  let depth = 0;
  for (const [at, char] of [...body].entries()) {
    if ("({[<".includes(char)) depth += 1;
    // The head of an arrow closes no bracket.
    if (")}]".includes(char) || (char === ">" && body[at - 1] !== "=")) depth -= 1;
    if (char === ";" && depth === 0) parts.push("");
    else parts[parts.length - 1] += char;
  }
  return parts;
}
