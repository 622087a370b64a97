/**
 * Values that JSON text can hold as they are. `JSON.stringify` leaves out, replaces or empties what it cannot write, and
 * says nothing; whoever publishes would learn of it from a receiver. A member that is undefined is one that is not there.
 */

/** The first place at which it would be changed, and by what; null where the text says all of it. */
export function unwritable(value: unknown, levels: number): string | null {
  return problemIn(value, "", levels);
}

function problemIn(value: unknown, at: string, levels: number): string | null {
  switch (typeof value) {
    case "string":
    case "boolean":
      return null;
    case "number":
      return Number.isFinite(value) ? null : found(at, String(value));
    case "object":
      return value === null ? null : problemInObject(value, at, levels);
    default:
      return found(at, typeof value === "undefined" ? "undefined" : `a ${typeof value}`);
  }
}

function problemInObject(value: object, at: string, levels: number): string | null {
  if (levels === 0) return found(at, "more levels than are taken, or a circle");
  // An object that says itself how it is written is taken at its word.
  if ("toJSON" in value && typeof value.toJSON === "function")
    return value instanceof Date && Number.isNaN(value.getTime())
      ? found(at, "a Date that is none")
      : problemIn(value.toJSON(lastName(at)), at, levels - 1);
  if (Array.isArray(value))
    return firstOf(value.keys(), (index) => problemIn(value[index], `${at}/${index}`, levels - 1));
  const kind = Object.prototype.toString.call(value).slice("[object ".length, -1);
  if (kind !== "Object") return found(at, `a ${kind}`);
  return firstOf(Object.keys(value), (name) => {
    const member: unknown = Reflect.get(value, name);
    return member === undefined ? null : problemIn(member, `${at}/${name}`, levels - 1);
  });
}

function firstOf<Key>(keys: Iterable<Key>, problemAt: (key: Key) => string | null): string | null {
  for (const key of keys) {
    const problem = problemAt(key);
    if (problem !== null) return problem;
  }
  return null;
}

const SHOWN_MAX_CHARS = 80;

const found = (at: string, what: string): string =>
  at === "" ? what : `${what} at ${at.slice(0, SHOWN_MAX_CHARS)}`;
const lastName = (at: string): string => at.slice(at.lastIndexOf("/") + 1);
