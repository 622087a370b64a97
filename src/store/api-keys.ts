/**
 * The API's keys: `hw_live_<id>_<secret>`. Of the secret only a SHA-256 is stored, which is enough for 256 random
 * bits; whoever reads Redis can use none. Mirrored in every process, so that checking one costs no round trip and a
 * revoked key is refused everywhere within a second. One that the mirror does not know is looked for.
 */
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { type ApiKey, type Caller, type NewApiKey, ROLES } from "../core/access.ts";
import type { NewAuditEntry } from "../core/audit.ts";
import { HookwaveError } from "../core/errors.ts";
import { ADD_AUDIT, auditText } from "./audit.ts";
import { keyNews } from "./changes.ts";
import type { Keys } from "./keys.ts";
import { readText } from "./record-text.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

/** The entry in the audit log of a key that is made or revoked. */
type KeyNote = (key: ApiKey) => NewAuditEntry;

export interface ApiKeys {
  /** Throws CONFIG_INVALID when there are too many. The token is shown once. */
  readonly create: (
    asked: NewApiKey,
    nowMs: number,
    note: KeyNote,
  ) => Promise<ApiKey & { readonly token: string }>;
  /** Oldest first; at most 1,000 exist. */
  readonly list: () => Promise<readonly ApiKey[]>;
  /** Throws KEY_UNKNOWN. */
  readonly revoke: (id: string, note: KeyNote) => Promise<void>;
  /** From memory: whose token this is; null for nobody's. Takes the same time whether or not its id exists. */
  readonly check: (token: string) => Caller | null;
  /**
   * The same, and Redis is asked about a token that memory knows nobody for: its key may have been made a moment ago. Ten times
   * a second at the most, for all who ask, or strangers could keep it busy; and of a wrong secret as well, or the time that it
   * takes would tell which ids there are.
   */
  readonly checkAnew: (token: string) => Promise<Caller | null>;
  /** From memory: the key that has this id, and what is stored of its token. */
  readonly find: (id: string) => { readonly caller: Caller; readonly digest: Buffer } | null;
  /** From memory: is there any key? Null before the first refresh: nobody knows. */
  readonly exist: () => boolean | null;
  readonly refresh: () => Promise<void>;
}

const KEYS_MAX = 1_000;
const ID_BYTES = 8;
const SECRET_BYTES = 32;
const LOOK_EVERY_MS = 100;
const TOKEN = /^hw_live_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

const recordSchema = z.object({
  v: z.literal(1),
  id: z.string(),
  name: z.string(),
  roles: z.array(z.enum(ROLES)),
  createdAt: z.string(),
  digest: z.base64(),
});
type KeyRecord = z.output<typeof recordSchema>;

const digestOf = (text: string): Buffer => hash("sha256", text, "buffer");
/** A digest to compare a token of an unknown id with, so that finding nothing costs the same. */
const NOBODY = digestOf("nobody");

// KEYS: the keys, the audit log. ARGV: the id, the record, the entry.
const ADD = `${ADD_AUDIT}
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
addAudit(KEYS[2], ARGV[3])`;

// ARGV: the id, the entry.
const REMOVE = `${ADD_AUDIT}
local removed = redis.call('HDEL', KEYS[1], ARGV[1])
if removed == 1 then addAudit(KEYS[2], ARGV[2]) end
return removed`;

export function createApiKeys(redis: Redis, keys: Keys): ApiKeys {
  const runAdd = prepareScript(redis, ADD);
  const runRemove = prepareScript(redis, REMOVE);
  const scriptKeys = [keys.apiKeys, keys.audit];
  let mirror: ReadonlyMap<string, KeyRecord> | null = null;

  const refresh = async (): Promise<void> => {
    const records = Object.values(await redis.hgetall(keys.apiKeys)).map((text) =>
      recordSchema.parse(JSON.parse(text)),
    );
    mirror = new Map(records.map((record) => [record.id, record]));
  };
  const lookAgain = createLook(refresh);
  const check = (token: string): Caller | null => callerIn(mirror, token);
  const tellFleet = (): Promise<unknown> => redis.publish(keys.changes, keyNews);

  return {
    create: async ({ name, roles }, nowMs, note) => {
      if ((await redis.hlen(keys.apiKeys)) >= KEYS_MAX) throw tooMany();
      const id = randomBytes(ID_BYTES).toString("hex");
      const token = `hw_live_${id}_${randomBytes(SECRET_BYTES).toString("base64url")}`;
      const key = { id, name, roles, createdAt: new Date(nowMs).toISOString() };
      const record = { v: 1, ...key, digest: digestOf(token).toString("base64") };
      await runAdd(scriptKeys, [id, JSON.stringify(record), auditText(note(key))]);
      await Promise.all([refresh(), tellFleet()]);
      return { ...key, token };
    },
    list: async () => {
      await refresh();
      return [...(mirror?.values() ?? [])].map(shown).toSorted(byAge);
    },
    revoke: async (id, note) => {
      const text = await redis.hget(keys.apiKeys, id);
      const record = text === null ? null : readText(recordSchema, text);
      const entry = note(record === null ? { id, name: "", roles: [], createdAt: "" } : shown(record));
      const removed = await runRemove(scriptKeys, [id, auditText(entry)]);
      await Promise.all([refresh(), tellFleet()]);
      if (removed === 0) throw keyUnknown(id);
    },
    check,
    checkAnew: async (token) => {
      const caller = check(token);
      if (caller !== null || mirror === null || idIn(token) === "") return caller;
      await lookAgain();
      return check(token);
    },
    find: (id) => {
      const record = mirror?.get(id);
      return record === undefined
        ? null
        : { caller: callerOf(record), digest: Buffer.from(record.digest, "base64") };
    },
    exist: () => (mirror === null ? null : mirror.size > 0),
    refresh,
  };
}

/** Askers share a look that is still to begin: what was there when they asked is in it. */
function createLook(refresh: () => Promise<void>): () => Promise<void> {
  let rest: Promise<unknown> = Promise.resolve();
  let next: Promise<void> | null = null;
  const begin = async (): Promise<void> => {
    await rest;
    rest = pause(LOOK_EVERY_MS, undefined, { ref: false });
    next = null;
    // Without an answer nothing new is known, and the token stays nobody's.
    await refresh().catch(() => undefined);
  };
  return () => {
    next ??= begin();
    return next;
  };
}

function callerIn(mirror: ReadonlyMap<string, KeyRecord> | null, token: string): Caller | null {
  const record = mirror?.get(idIn(token));
  const expected = record === undefined ? NOBODY : Buffer.from(record.digest, "base64");
  const isRight = timingSafeEqual(digestOf(token), expected);
  return isRight && record !== undefined ? callerOf(record) : null;
}

/** Empty where it is no token of ours. */
const idIn = (token: string): string => TOKEN.exec(token)?.[1] ?? "";

const callerOf = ({ id, name, roles }: KeyRecord): Caller => ({ keyId: id, name, roles });

const shown = ({ id, name, roles, createdAt }: KeyRecord): ApiKey => ({ id, name, roles, createdAt });

const byAge = (one: ApiKey, other: ApiKey): number =>
  one.createdAt.localeCompare(other.createdAt) || one.id.localeCompare(other.id);

function keyUnknown(id: string): HookwaveError {
  return new HookwaveError("KEY_UNKNOWN", {
    expected: "the id of an API key",
    got: `"${id.slice(0, 40)}"`,
    remedy: "list them with `hookwave keys list`; a revoked key is gone from it",
  });
}

function tooMany(): HookwaveError {
  return new HookwaveError("CONFIG_INVALID", {
    expected: `at most ${KEYS_MAX} API keys`,
    got: "one more",
    remedy: "revoke keys that nobody uses",
  });
}
