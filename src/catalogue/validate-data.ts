/**
 * Says what is wrong with an event's data, in sentences a producer can act on. It only looks: the data that is
 * sent stays the producer's text, and a custom type has no promise to break.
 */
import type { z } from "zod";
import { catalogue, isKnownEventType } from "./catalogue.ts";

const SHOWN_MAX_CHARS = 40;

/** Of data that is wrong in a thousand places, the first say enough. */
const PROBLEMS_MAX = 100;

/** The first problems as `path: expected …, got …`; none for a custom type. `data` is the value JSON.parse made of the text. */
export function validateData(type: string, data: unknown): readonly string[] {
  return isKnownEventType(type) ? findings(catalogue[type].schema, data) : [];
}

/** Findings in the same words about data that has no problem: what is unusual for its type, and what its receivers bear. */
export function warningsAbout(type: string, data: unknown): readonly string[] {
  const custom = isKnownEventType(type) ? catalogue[type].custom : null;
  return custom === null ? [] : findings(custom, data);
}

function findings(schema: z.ZodType, data: unknown): readonly string[] {
  const result = schema.safeParse(data);
  if (result.success) return [];
  const problems = result.error.issues.flatMap((issue) => sentences(issue, data, []));
  const more = problems.length - PROBLEMS_MAX;
  return more > 0 ? [...problems.slice(0, PROBLEMS_MAX), `and ${more} more problems`] : problems;
}

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

function sentences(issue: Issue, data: unknown, parent: Path): readonly string[] {
  const path = [...parent, ...issue.path];
  const closest =
    issue.code === "invalid_union" ? closestShape(issue.errors, valueAt(data, path)) : undefined;
  if (closest !== undefined) return closest.flatMap((inner) => sentences(inner, data, path));
  return [`${shownPath(path)}: expected ${issue.message}, got ${shownValue(valueAt(data, path))}`];
}

/** Of several shapes, the one that misses the fewest fields is the one that was meant; none if it is no object. */
function closestShape(shapes: readonly (readonly Issue[])[], value: unknown): readonly Issue[] | undefined {
  if (shapes.flat().some((issue) => issue.path.length === 0)) return undefined;
  const missing = (shape: readonly Issue[]) =>
    shape.filter((issue) => issue.path.length === 1 && valueAt(value, issue.path) === undefined).length;
  return shapes.toSorted((one, other) => missing(one) - missing(other))[0];
}

function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    data,
  );
}

function shownPath(path: Path): string {
  return path.length === 0 ? "the data" : path.map(String).join(".");
}

function shownValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  return shown.length > SHOWN_MAX_CHARS ? `${shown.slice(0, SHOWN_MAX_CHARS)}…` : shown;
}
