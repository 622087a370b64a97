/**
 * The walls of the house as a pure function: who may import whom, which vendor library lives where, what may
 * appear in one place only, and the style that a linter does not check: decision 21.
 */
import { posix } from "node:path";
import { type Import, importsOf, readSource, type SourceText } from "./source-text.ts";

interface Module extends SourceText {
  readonly path: string;
  readonly source: string;
  readonly room: string;
  readonly imports: readonly Import[];
}

const STAGES = ["publish", "bus", "queue", "deliver", "store", "observe"];
/** Rooms that need nothing but what lies beneath them: words, formats and rules. */
const GROUND = ["core", "wire", "catalogue", "endpoints"];

/** Room → the rooms beneath it that it may import from: docs/architecture.md draws the same house. */
const MAY_IMPORT: ReadonlyMap<string, readonly string[]> = new Map([
  ["core", []],
  ["wire", ["core"]],
  ["catalogue", ["core"]],
  ["endpoints", ["core", "wire"]],
  ...STAGES.map((stage): [string, string[]] => [stage, GROUND]),
  ["config", ["core"]],
  ["manage", [...GROUND, ...STAGES, "config", "receiver"]],
  ["api", [...GROUND, "manage"]],
  ["receiver", ["core", "wire", "catalogue"]],
  ["client", ["core", "catalogue", "publish"]],
  ["testing", ["core", "wire", "receiver", "config"]],
  // A page in people's browsers: it knows of the service what the API says. The receiver's diagnosis runs there as well.
  ["console", ["core", "api", "receiver"]],
  ["app", [...GROUND, ...STAGES, "config", "manage"]],
  ["process", [...GROUND, "store", "observe", "config", "manage", "api", "app"]],
  // The commands are clients of the API: its schemas tell them what comes.
  ["cli", ["process", "manage", "api", "receiver", ...GROUND, "config"]],
  ["entry", ["app", "cli", ...GROUND, ...STAGES, "config", "manage"]],
]);

/** Room → rooms of which it may know the types only. */
const TYPES_ONLY: ReadonlyMap<string, readonly string[]> = new Map([
  // Schemas would bring a library with them, and a runtime without Node has none to spare.
  ["receiver", ["core", "catalogue"]],
  ["client", ["catalogue", "publish"]],
  // The ways of doing things are handed in: the API constructs nothing.
  ["api", ["manage"]],
  ["console", ["api"]],
]);

/**
 * Stage → stages whose needs it meets. It imports the types of their ports, which are declared nowhere else than in
 * ports.ts, or in one for a part of the stage (bridge-ports.ts).
 */
const MEETS: ReadonlyMap<string, readonly string[]> = new Map([
  ["observe", ["publish", "deliver"]],
  ["bus", ["publish", "deliver"]],
  ["queue", ["deliver", "bus"]],
  ["store", ["deliver", "queue", "bus"]],
]);

/** Vendor → the rooms, or single modules, that own it; a scope ends with a slash. */
const OWNERS: ReadonlyMap<string, readonly string[]> = new Map([
  ["bullmq", ["queue"]],
  ["undici", ["deliver"]],
  ["opossum", ["deliver"]],
  ["lru-cache", ["deliver"]],
  ["ioredis", ["store"]],
  ["pino", ["observe"]],
  ["prom-client", ["observe"]],
  ["get-east-asian-width", ["src/cli/rows.ts"]],
  ["@opentelemetry/", ["src/observe/spans.ts", "src/observe/otlp.ts"]],
  ["fastify", ["api", "receiver"]],
  ["@fastify/", ["api"]],
  ["preact", ["console"]],
  ["@preact/", ["console"]],
  ["preact-iso", ["console"]],
  ["fastify-type-provider-zod", ["api"]],
  // Text from outside becomes typed here: the environment, event data, requests, jobs, Redis records.
  [
    "zod",
    ["config", "src/core/stored.ts", "catalogue", "endpoints", "api", "process", "queue", "store", "bus"],
  ],
]);

/** Rooms that run without I/O, and the parts of Node they may use all the same. */
const PURE: ReadonlyMap<string, readonly string[]> = new Map([
  ["core", []],
  ["catalogue", []],
  ["wire", ["node:crypto", "node:buffer"]],
]);
const IMPURE = /(?<![.\w$])(?:setTimeout|setInterval|setImmediate|fetch)\s*\(|\brandom(?:UUID|Bytes|Int)\b/;

/** Rooms for other people's programs, which may have neither Node nor a dependency. */
const WITHOUT_NODE: ReadonlySet<string> = new Set(["receiver", "client"]);

const CLOCK_OWNER = "src/config/system.ts";
/** Rooms that run in other people's processes and browsers, where nothing composes them, have a clock of their own. */
const CLOCKS_ELSEWHERE: ReadonlySet<string> = new Set(["src/receiver/clock.ts", "src/console/clock.ts"]);

const ONE_PLACE: readonly (readonly [RegExp, string])[] = [
  [/\bprocess\s*(?:\?\.\s*|\.\s*|\[\s*["'`] +["'`])(?:env\b|\])/, "src/config/environment.ts"],
  [/\bDate\s*\.\s*now\b|\bnew\s+Date\s*\(\s*\)|\bMath\s*\.\s*random\b/, CLOCK_OWNER],
  [/\bperformance\s*\.\s*now\b|\bprocess\s*\.\s*hrtime\b/, CLOCK_OWNER],
  [/\bnew\s+(?:Redis|Cluster)\b/, "src/store/redis.ts"],
  // An import that no rule here would see.
  [/\bcreateRequire\b/, "src/observe/spans.ts"],
];

const CAST_OWNER = "src/core/brand.ts";
const MAX_LINES = 300;

/** The rooms that may, in the end, import themselves: none, or the house has an arrow that runs up. */
export function roomsInCircles(): readonly string[] {
  return [...MAY_IMPORT.keys()].filter((room) => roomsBeneath(room).has(room));
}

function roomsBeneath(room: string): ReadonlySet<string> {
  const found = new Set<string>();
  const queue = [room];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const one of [...(MAY_IMPORT.get(next) ?? []), ...(MEETS.get(next) ?? [])]) {
      if (!found.has(one)) queue.push(one);
      found.add(one);
    }
  }
  return found;
}

/** One sentence per broken rule, each starting with the path. `files`: path from the repository's root → source. */
export function violations(files: ReadonlyMap<string, string>): readonly string[] {
  const modules = [...files].map(([path, source]) => toModule(path, source));
  const problems = modules.flatMap((module) =>
    problemsOf(module).map((problem) => `${module.path} ${problem}`),
  );
  return [...problems, ...cycles(modules)];
}

function toModule(path: string, source: string): Module {
  const text = readSource(source);
  return { path, source, room: roomOf(path), imports: importsOf(text), ...text };
}

function roomOf(path: string): string {
  if (["src/main.ts", "src/index.ts", "src/publisher.ts"].includes(path)) return "entry";
  return /^src\/([^/]+?)(?:\.tsx?$|\/)/.exec(path)?.[1] ?? "";
}

function problemsOf(module: Module): readonly string[] {
  if (!MAY_IMPORT.has(module.room)) return [`lies in "${module.room}", which is no room of the house`];
  return [
    ...module.imports.flatMap((one) => importProblem(module, one)),
    ...misplaced(module),
    ...impure(module),
    ...badName(module),
    ...badShape(module),
    ...riddles(module),
    ...badTypes(module),
  ];
}

function importProblem(module: Module, one: Import): readonly string[] {
  if (one.specifier.startsWith(".")) return roomProblem(module, one);
  if (one.specifier.startsWith("node:")) return nodeProblem(module, one);
  return vendorProblem(module, one);
}

function roomProblem({ path, room }: Module, { specifier, isTypeOnly }: Import): readonly string[] {
  const target = resolve(path, specifier);
  if (!target.startsWith("src/")) return [`imports ${target}, which is outside src`];
  const targetRoom = roomOf(target);
  if (targetRoom === room) return [];
  if (TYPES_ONLY.get(room)?.includes(targetRoom) && !isTypeOnly)
    return [`imports more than types from ${targetRoom}`];
  const isPort =
    /^src\/[^/]+\/(?:[a-z0-9-]+-)?ports\.ts$/.test(target) && MEETS.get(room)?.includes(targetRoom);
  if (isPort) return isTypeOnly ? [] : [`imports more than types from ${target}`];
  return MAY_IMPORT.get(room)?.includes(targetRoom)
    ? []
    : [`(${room}) may not import ${target} (${targetRoom})`];
}

function nodeProblem({ room }: Module, { specifier, isTypeOnly }: Import): readonly string[] {
  if (specifier === "node:process") return ["may not import node:process; only config reads the environment"];
  if (WITHOUT_NODE.has(room) && !isTypeOnly) return [`(${room}) must run where there is no ${specifier}`];
  const allowed = PURE.get(room);
  return allowed === undefined || allowed.includes(specifier) ? [] : [`(${room}) is pure: no ${specifier}`];
}

function vendorProblem({ path, room }: Module, { specifier, isTypeOnly }: Import): readonly string[] {
  const isOf = (vendor: string): boolean =>
    vendor.endsWith("/")
      ? specifier.startsWith(vendor)
      : specifier === vendor || specifier.startsWith(`${vendor}/`);
  const [vendor, owners] = [...OWNERS].find(([name]) => isOf(name)) ?? [];
  if (vendor === undefined) return [`imports ${specifier}, a vendor without an owner`];
  if (WITHOUT_NODE.has(room) && !isTypeOnly) return [`(${room}) must run where there is no ${specifier}`];
  return owners?.includes(room) || owners?.includes(path)
    ? []
    : [`(${room}) may not import ${specifier}; its owner is ${owners?.join(", ")}`];
}

function misplaced({ path, bare }: Module): readonly string[] {
  return ONE_PLACE.flatMap(([pattern, owner]) =>
    path === owner || (CLOCKS_ELSEWHERE.has(path) && owner === CLOCK_OWNER)
      ? []
      : found(bare, pattern, (text) => `has ${text}, which belongs in ${owner}`),
  );
}

function impure({ room, bare }: Module): readonly string[] {
  return PURE.has(room) ? found(bare, IMPURE, (text) => `has ${text}, but ${room} is pure`) : [];
}

function badName({ path }: Module): readonly string[] {
  const names = path
    .replace(/\.tsx?$/, "")
    .split("/")
    .slice(1);
  const isVague = (name: string): boolean =>
    /(?:^|-)(?:utils?|helpers?|managers?)$|^(?:types?|interfaces?|common|misc)$/.test(name);
  const isKebab = (name: string): boolean => /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name);
  return [
    ...names.filter(isVague).map((name) => `is named "${name}", which says nothing of the domain`),
    ...names
      .filter((name) => !isKebab(name))
      .map((name) => `has "${name}" in its name, which is not kebab-case`),
  ];
}

function badShape({ source, bare }: Module): readonly string[] {
  const lines = source.trimEnd().split("\n").length;
  const header = /^(?:#![^\n]*\n)?\/\*\*([\s\S]*?)\*\//.exec(source)?.[1];
  const headerLines = header?.split("\n").filter((line) => line.replace("*", "").trim() !== "").length ?? 0;
  return [
    ...(lines > MAX_LINES ? [`has ${lines} lines; ${MAX_LINES} are allowed`] : []),
    ...(headerLines < 1 || headerLines > 8
      ? [`opens with ${headerLines} lines of comment; 1 to 8 say what a module is for`]
      : []),
    ...found(bare, /\bexport\s+default\b|\bas\s+default\b/, () => "has a default export"),
    ...found(bare, /(?<![.\w$])import\s*\((?!\s*["'`])/, () => "imports a computed module"),
  ];
}

const RIDDLE =
  /^\/[/*][\s*]*((?:What|Who|Whose|Whom|Where|Whether|How|Which|When|Whoever|Whatever)(?![\p{L}\p{N}]))/iu;

/** A comment names the thing it is about with its first words. The next line of a `//` block is no beginning. */
function riddles({ source, comments }: Module): readonly string[] {
  return comments.flatMap(({ at, text }) => {
    const word = RIDDLE.exec(text)?.[1];
    const lines = source.slice(0, at).split("\n");
    const goesOn = text.startsWith("//") && /^\s*\/\/.*\n\s*$/.test(lines.slice(-2).join("\n"));
    if (word === undefined || goesOn) return [];
    return [`has a comment that opens with "${word}"; name the noun first (line ${lines.length})`];
  });
}

const CLAUSE = /\b(?:import|export)\b(?:\s+type)?\s*(?:[\w$]+\s*,\s*)?(?:\{[^}]*\}|\*\s*(?:as\s+[\w$]+)?)/g;

function badTypes({ path, bare }: Module): readonly string[] {
  const body = bare.replace(CLAUSE, (clause) => clause.replace(/[^\n]/g, " "));
  const casts = found(
    body,
    /(?<![.\w$]|\bin keyof [\w$]+ )as\s+(?!const\b)[\w${([<"'`]+/,
    (text) => `casts: ${text}`,
  );
  return [
    ...(path === CAST_OWNER ? [] : casts),
    ...found(body, /(?<![.\w$])any\b(?!\s*[(:?=])/, () => "uses any"),
    ...found(body, /[\w$)\]]!(?!=)/, (text) => `asserts non-null: ${text}`),
  ];
}

/** The first match, with its line. */
function found(text: string, pattern: RegExp, say: (match: string) => string): readonly string[] {
  const match = pattern.exec(text);
  if (match === null) return [];
  return [`${say(match[0].trim())} (line ${text.slice(0, match.index).split("\n").length})`];
}

function resolve(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier);
}

/** Type imports count as well: two modules that need each other's types are one module. */
function cycles(modules: readonly Module[]): readonly string[] {
  const targets = new Map(modules.map(({ path, imports }) => [path, relativeTargets(path, imports)]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): readonly string[] => {
    if (trail.includes(path))
      return [`${[...trail.slice(trail.indexOf(path)), path].join(" → ")} is a cycle`];
    if (done.has(path)) return [];
    const inside = (targets.get(path) ?? []).flatMap((target) => visit(target, [...trail, path]));
    done.add(path);
    return inside;
  };
  return [...targets.keys()].flatMap((path) => visit(path, []));
}

function relativeTargets(path: string, imports: readonly Import[]): readonly string[] {
  return imports
    .filter(({ specifier }) => specifier.startsWith("."))
    .map(({ specifier }) => resolve(path, specifier));
}
