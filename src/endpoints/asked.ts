/**
 * Reads what was asked for against a table of settings, from code or from JSON: what is good becomes values in code,
 * and of everything else it is said what was expected and what came. It fills in no default and stores nothing.
 */
import type { z } from "zod";
import type { FieldProblem } from "../core/errors.ts";
import { type Setting, type Table, takesNull, type ValuesOf } from "./setting.ts";

/** Nobody else can say of an object that it has been read: a request from outside has names only. */
const READ = Symbol("read");

export interface Asked<Values> {
  readonly [READ]: true;
  /** The good ones, in code's units. */
  readonly settings: Partial<Values>;
  /** Of the others, under the names with which they were asked for. */
  readonly problems: readonly FieldProblem[];
  /** The same by their names in code. */
  readonly wrong: ReadonlySet<string>;
  /** The name that a setting has where it was asked for. */
  readonly nameOf: (name: string) => string;
}

export const isAsked = <Values>(request: object | Asked<Values>): request is Asked<Values> => READ in request;

/** `code`: as the SDK writes it. `json`: as the API does, where null means the same as absent unless it is a value. */
export function askedIn<Of extends Table>(
  dialect: "code" | "json",
  table: Of,
  members: object,
): Asked<ValuesOf<Of>> {
  const isJson = dialect === "json";
  const nameOf = (code: string): string => (isJson ? table[code]?.json : undefined) ?? code;
  const good: Readonly<Record<string, unknown>>[] = [];
  const problems: FieldProblem[] = [];
  const wrong = new Set<string>();
  for (const [name, value] of Object.entries(members)) {
    const [code, setting] = Object.entries(table).find(([one]) => nameOf(one) === name) ?? [];
    if (value === undefined || (isJson && value === null && setting && !takesNull(setting))) continue;
    if (code === undefined || setting === undefined) {
      problems.push({
        field: escapePart(name),
        problem: "expected a setting that there is, got an unknown one",
      });
      continue;
    }
    const checked = check(isJson ? setting.form.asked : setting.form.schema, value);
    if (checked.success) good.push({ [code]: checked.data });
    else {
      wrong.add(code);
      problems.push(...problemsOf(setting, name, value, checked.paths, checked.names));
    }
  }
  // Each has passed its own form, so that together they are what the table says.
  return { [READ]: true, settings: Object.assign({}, ...good), problems, wrong, nameOf };
}

type Path = readonly PropertyKey[];
type Checked =
  | { readonly success: true; readonly data: unknown }
  | { readonly success: false; readonly paths: readonly Path[]; readonly names?: readonly PropertyKey[] };

function check(schema: z.ZodType, value: unknown): Checked {
  // zod leaves it out without a word, and it would mean something on the object that holds it.
  if (typeof value === "object" && value !== null && Object.hasOwn(value, "__proto__"))
    return { success: false, paths: [["__proto__"]] };
  try {
    const { success, data, error } = schema.safeParse(value);
    if (success) return { success, data };
    return { success, paths: error.issues.flatMap(pathsOf), names: namesOf(error.issues) };
  } catch (error) {
    // zod throws at an object with a `length` that cannot be compared where a text belongs.
    if (error instanceof TypeError) return { success: false, paths: [[]] };
    throw error;
  }
}

const pathsOf = (issue: z.core.$ZodIssue): readonly Path[] =>
  issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];

/** Names that are wrong themselves, whatever their values are. */
const namesOf = (issues: readonly z.core.$ZodIssue[]): readonly PropertyKey[] =>
  issues.flatMap(({ code, path }) => (code === "invalid_key" ? path.slice(-1) : []));

function problemsOf(
  setting: Setting,
  name: string,
  value: unknown,
  paths: readonly Path[],
  names: readonly PropertyKey[] = [],
): FieldProblem[] {
  const { expected } = setting.form;
  const gotAt = (path: Path): unknown => {
    const last = path.at(-1);
    return last !== undefined && names.includes(last) ? String(last) : valueAt(value, path);
  };
  const byField = new Map(paths.map((path) => [[name, ...path].map(escapePart).join("/"), gotAt(path)]));
  return [...byField].map(([field, got]) => ({
    field,
    problem: `expected ${expected}, got ${shown(got, setting.isSecret === true)}`,
  }));
}

/** As in a JSON pointer (RFC 6901). */
const escapePart = (part: PropertyKey): string =>
  String(part).slice(0, 80).replaceAll("~", "~0").replaceAll("/", "~1");

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inside, key) => Object(inside)[key], value);
}

/** So much of it as helps, and nothing that may be a secret in the wrong place. */
function shown(value: unknown, isSecret: boolean): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "string")
    return isSecret || value.length > 80 ? `a text of ${value.length} characters` : JSON.stringify(value);
  return typeof value === "object" ? "an object" : String(value);
}
