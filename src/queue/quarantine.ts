/**
 * Frees a queue from what no producer should have put there. BullMQ's job ids share its key space: a job whose id is
 * `wait` or `active` lands where the queue keeps its own list, and from then on every command fails (trap 3). Such a
 * job is buried, and what it had blocked goes on. A list that BullMQ could have written is never touched.
 */

import type { DeadLetter } from "../core/delivery.ts";
import { FRAGILE_FIELDS, isReadable } from "./job-metadata.ts";
import type { RawKeys } from "./ports.ts";

/** Names of BullMQ's own, beside the jobs. It could not have kept anything under them where a job is found. */
export const OWN_NAMES = [
  ...["wait", "active", "paused", "delayed", "prioritized", "marker", "stalled", "events", "id", "pc"],
  ...["completed", "failed", "waiting-children", "limiter", "stalled-check", "repeat", "de"],
];

/** Only while it still is a job: another worker may have freed the name, and BullMQ may use it again. */
const REMOVE_JOB = `
if redis.call('TYPE', KEYS[1]).ok == 'hash' then return redis.call('DEL', KEYS[1]) end
return 0`;

/** Only while there is no job under it, for the same reason. */
const REMOVE_ID = `
if redis.call('TYPE', KEYS[2]).ok == 'hash' then return 0 end
return redis.call('LREM', KEYS[1], 0, ARGV[1])`;

const EVERY_MS = 10_000;
const AT_MOST_EVERY_MS = 500;

interface QuarantineDeps {
  readonly keys: RawKeys;
  /** The Redis key of a name, or of a job's id, in the queue. */
  readonly toKey: (name: string) => string;
  readonly bury: (letter: DeadLetter) => Promise<void>;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

interface Quarantine {
  /** Hears of each error that a worker of the queue meets; looks at the queue when such a job may be its cause. */
  readonly meet: (error: Error) => void;
  readonly stop: () => void;
}

/** Looks by itself every 10 s: some of these names only producers stumble over. */
export function watchQueue(deps: QuarantineDeps): Quarantine {
  let mayLook = true;
  const look = (): void => {
    if (!mayLook) return;
    mayLook = false;
    const rest = (): void => {
      const again = setTimeout(() => {
        mayLook = true;
      }, AT_MOST_EVERY_MS);
      again.unref();
    };
    sweep(deps).catch(deps.onError).finally(rest);
  };
  const timer = setInterval(look, EVERY_MS);
  timer.unref();
  return {
    meet: (error) => {
      if (isOfScript(error)) look();
    },
    stop: () => clearInterval(timer),
  };
}

/** Errors of BullMQ's scripts, such as for a list taken for a job, or a job to be finished that is gone. */
const isOfScript = (error: Error): boolean => /WRONGTYPE|user_script|Missing key/.test(error.message);

async function sweep(deps: QuarantineDeps): Promise<void> {
  const { keys, toKey } = deps;
  const freed: string[] = [];
  for (const name of OWN_NAMES) if (await freeName(name, deps)) freed.push(name);
  // A job of that name would be taken again, and its key written anew.
  for (const name of freed) for (const list of ["wait", "active"]) await removeId(list, name, deps);
  for (const id of await keys.lrange(toKey("active"), 0, -1)) await freeFrom(id, deps);
}

async function freeName(name: string, deps: QuarantineDeps): Promise<boolean> {
  const { keys, toKey } = deps;
  const key = toKey(name);
  if ((await keys.type(key)) !== "hash") return false;
  const { data = "", timestamp = "" } = await keys.hgetall(key);
  const addedAt = /^\d{1,15}$/.test(timestamp) ? Number(timestamp) : 0;
  await bury(name, data, addedAt, `its job's id "${name}" is a name that the queue itself uses`, deps);
  await keys.eval(REMOVE_JOB, 1, key);
  return true;
}

/** An id in work under which there is no job can neither be worked on nor recovered; a job is put right. */
async function freeFrom(id: string, deps: QuarantineDeps): Promise<void> {
  const { keys, toKey } = deps;
  const type = await keys.type(toKey(id));
  if (type === "hash") return await putRight(toKey(id), keys);
  const isForeign = type !== "none" && !OWN_NAMES.includes(id);
  if (isForeign) await bury(id, "", 0, `a ${type} lies where the job should be`, deps);
  await removeId("active", id, deps);
}

async function removeId(list: string, id: string, { keys, toKey }: QuarantineDeps): Promise<void> {
  await keys.eval(REMOVE_ID, 2, toKey(list), toKey(id), id);
}

/** Removes metadata that BullMQ's scripts cannot read: it keeps a job from ever being done. */
async function putRight(key: string, keys: RawKeys): Promise<void> {
  const values = await keys.hmget(key, ...FRAGILE_FIELDS);
  const unreadable = FRAGILE_FIELDS.filter((name, at) => !isReadable(name, values[at] ?? null));
  if (unreadable.length > 0) await keys.hdel(key, ...unreadable);
}

async function bury(
  jobId: string,
  text: string,
  addedAt: number,
  problem: string,
  { bury: buryLetter, now }: QuarantineDeps,
): Promise<void> {
  const buriedAt = new Date(now()).toISOString();
  await buryLetter({ kind: "job", jobId, addedAt, text, problem, because: "invalid", buriedAt });
}
