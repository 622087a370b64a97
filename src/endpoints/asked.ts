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
      const problem = "expected a setting that there is, got an unknown one";
      problems.push({ field: escapePart(name), problem });
      continue;
    }
    const checked = check(isJson ? setting.form.asked : setting.form.schema, value);
    if (checked.success) good.push({ [code]: checked.data });
    else {
      wrong.add(code);
      problems.push(...problemsOf(setting, name, checked.flaws));
    }
  }
  // Each has passed its own form, so that together they are what the table says.
  return { [READ]: true, settings: Object.assign({}, ...good), problems, wrong, nameOf };
}

type Path = readonly PropertyKey[];
type Flaw = readonly [path: Path, got: unknown];
type Checked =
  | { readonly success: true; readonly data: unknown }
  | { readonly success: false; readonly flaws: readonly Flaw[] };

function check(schema: z.ZodType, value: unknown): Checked {
  // zod leaves it out without a word, and it would mean something on the object that holds it.
  if (typeof value === "object" && value !== null && Object.hasOwn(value, "__proto__"))
    return { success: false, flaws: [flawAt(["__proto__"], value)] };
  try {
    const { success, data, error } = schema.safeParse(value);
    if (success) return { success, data };
    return { success, flaws: error.issues.flatMap((issue) => flawsOf(issue, value)) };
  } catch (error) {
    // zod throws at an object with a `length` that cannot be compared where a text belongs.
    if (error instanceof TypeError) return { success: false, flaws: [flawAt([], value)] };
    throw error;
  }
}

function flawsOf(issue: z.core.$ZodIssue, value: unknown): readonly Flaw[] {
  const { code, path } = issue;
  // The name itself is wrong, whatever its value is.
  if (code === "invalid_key") return [[path, String(path.at(-1))]];
  if (code === "unrecognized_keys") return issue.keys.map((key) => flawAt([...path, key], value));
  return [flawAt(path, value)];
}

const flawAt = (path: Path, value: unknown): Flaw => [
  path,
  path.reduce<unknown>((inside, key) => Object(inside)[key], value),
];

function problemsOf(
  { form, isSecret = false }: Setting,
  name: string,
  flaws: readonly Flaw[],
): FieldProblem[] {
  const byField = new Map(flaws.map(([path, got]) => [[name, ...path].map(escapePart).join("/"), got]));
  return [...byField].map(([field, got]) => ({
    field,
    problem: `expected ${form.expected}, got ${shown(got, isSecret)}`,
  }));
}

/** As in a JSON pointer (RFC 6901). */
const escapePart = (part: PropertyKey): string =>
  String(part).slice(0, 80).replaceAll("~", "~0").replaceAll("/", "~1");

/** So much of it as helps, and nothing that may be a secret in the wrong place. */
function shown(value: unknown, isSecret: boolean): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "string")
    return isSecret || value.length > 80 ? `a text of ${value.length} characters` : JSON.stringify(value);
  return typeof value === "object" ? "an object" : String(value);
}
