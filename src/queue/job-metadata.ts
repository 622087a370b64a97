/**
 * Metadata that BullMQ keeps beside a job's data: options, progress, counters. Any producer, or a fault, may have
 * written anything there, and BullMQ parses it only after it has taken the job: what it cannot parse stays taken for
 * ever, and no event names it (trap 12). So it is put right on its way in. None of it decides what becomes of an event.
 */
import { type BackendFactory, createRedisBackend, type RedisQueueBackend } from "bullmq";
import { z } from "zod";
import { isJsonText } from "../core/json-text.ts";

/** The commands that answer with the next job. */
const TAKING = new Set(["moveToActive", "moveToFinished"]);

/** BullMQ's own backend, but for jobs that it could not have read. */
export const tolerantBackend: BackendFactory<RedisQueueBackend> = (name, options, context) => {
  const backend = createRedisBackend(name, options, context);
  const execute = backend.execCommand.bind(backend);
  backend.execCommand = (client, command, args) => {
    const answer = execute(client, command, args);
    return TAKING.has(command) ? Promise.resolve(answer).then(readable) : answer;
  };
  return backend;
};

const takenSchema = z.tuple([z.array(z.string())]).rest(z.unknown());

/** `[hash as a list of fields and values, id, …]`, or anything that brings no job. */
function readable(answer: unknown): unknown {
  const taken = takenSchema.safeParse(answer);
  if (!taken.success) return answer;
  const [hash, ...rest] = taken.data;
  return [readableHash(hash), ...rest];
}

const COUNTERS: readonly string[] = ["timestamp", "delay", "priority", "processedOn", "ats", "atm", "stc"];
const OBJECTS: readonly string[] = ["opts", "parent"];
const TEXTS: readonly string[] = ["id", "name", "data", "parentKey", "deid"];

/** Fields that BullMQ insists on being able to read. */
export const FRAGILE_FIELDS: readonly string[] = [...COUNTERS, ...OBJECTS];

/** Can BullMQ read this text of a field? Null, when there is none, counts as readable. */
export function isReadable(name: string, text: string | null): boolean {
  if (text === null) return true;
  return OBJECTS.includes(name) ? objectFrom(text) !== null : /^\d{1,15}$/.test(text);
}

/** The fields that matter, as far as BullMQ can read them; a counter that cannot be one is 0. */
export function readableHash(pairs: readonly string[]): readonly string[] {
  const found = new Map<string, string>();
  for (let at = 0; at + 1 < pairs.length; at += 2) found.set(pairs[at] ?? "", pairs[at + 1] ?? "");
  const hash = new Map(COUNTERS.map((name) => [name, "0"]));
  for (const name of TEXTS) copy(found, hash, name);
  for (const name of FRAGILE_FIELDS) if (isReadable(name, found.get(name) ?? null)) copy(found, hash, name);
  // Repeated by a schedule, which lies in the options.
  if (objectFrom(hash.get("opts"))?.["repeat"] !== undefined) copy(found, hash, "rjk");
  return [...hash].flat();
}

function copy(from: ReadonlyMap<string, string>, to: Map<string, string>, name: string): void {
  const text = from.get(name);
  if (text !== undefined) to.set(name, text);
}

const objectSchema = z.record(z.string(), z.unknown());

function objectFrom(text: string | undefined): Readonly<Record<string, unknown>> | null {
  if (text === undefined || !isJsonText(text)) return null;
  return objectSchema.safeParse(JSON.parse(text)).data ?? null;
}

/** The wait in ms that a job was added with, by the text of its options: it stays there when the job has become due. */
export function delayIn(opts: string | null): number {
  const { delay = 0 } = objectFrom(opts ?? undefined) ?? {};
  return typeof delay === "number" ? delay : 0;
}
