/**
 * The switch of the migration in Redis: one record for the fleet, changed by compare-and-set so that every change has
 * the next version, and the list of all changes for people.
 */
import { z } from "zod";
import type { NewAuditEntry } from "../core/audit.ts";
import type { Tell } from "../core/happening.ts";
import {
  BACKLOG_CHOICES,
  isNews,
  type MigrationSwitch,
  PHASES,
  phaseAt,
  type Start,
  type SwitchChange,
} from "../core/migration.ts";
import type { System } from "../core/system.ts";
import { ADD_AUDIT, auditText } from "./audit.ts";
import { migrationNews } from "./changes.ts";
import type { Keys } from "./keys.ts";
import { readText } from "./record-text.ts";
import { type Redis, redisUnavailable, untilReady } from "./redis.ts";
import { prepareScript } from "./script.ts";
import { createSwitchMirror, type SwitchMirror } from "./switch-mirror.ts";

export type NextSwitch = Omit<MigrationSwitch, "version" | "since">;

/** The entry in the audit log of a change that somebody asked for. */
type SwitchNote = (before: MigrationSwitch, after: MigrationSwitch) => NewAuditEntry;

export interface MigrationStore extends Pick<SwitchMirror, "known" | "current" | "currentOrKnown"> {
  /** Reads it again, and brings a phase to its end that was set for a while. */
  readonly refresh: () => Promise<void>;
  /** Changes it; null from `next` leaves it as it is. */
  readonly change: (
    next: (now: MigrationSwitch) => NextSwitch | null,
    note?: SwitchNote,
  ) => Promise<MigrationSwitch>;
  /** At a process' start: an environment that says something else than the last one did switches the fleet. */
  readonly declare: (start: Start) => Promise<void>;
  /** Latest first. */
  readonly history: (most: number) => Promise<readonly SwitchChange[]>;
}

interface MigrationStoreDeps {
  readonly redis: Redis;
  readonly keys: Keys;
  /** The environment's wish; null where it says nothing. */
  readonly start: Start | null;
  readonly tell: Tell;
  readonly system: System;
}

const HISTORY_KEPT = 1_000;
const CHANGE_TRIES = 10;

const sharesSchema = z.record(z.string(), z.number());
const returnsSchema = z
  .object({ at: z.number(), to: z.enum(PHASES), shares: sharesSchema.exactOptional() })
  .nullable();
const switchSchema = z.object({
  version: z.number(),
  phase: z.enum(PHASES),
  since: z.number(),
  shares: sharesSchema,
  backlog: z.enum(BACKLOG_CHOICES),
  by: z.string(),
  reason: z.string().nullable(),
  returns: returnsSchema,
  environment: z.object({ phase: z.enum(PHASES), shares: sharesSchema }).nullable(),
});
const changeSchema = z.object({
  version: z.number(),
  from: z.enum(PHASES),
  to: z.enum(PHASES),
  at: z.number(),
  by: z.string(),
  reason: z.string().nullable(),
  shares: sharesSchema,
  returns: returnsSchema,
});

// KEYS: the switch, its history, the audit log. ARGV: what it was ('' for nothing), what it is to be, the change, channel,
// news, the entry.
const SWAP = `${ADD_AUDIT}
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('LPUSH', KEYS[2], ARGV[3])
redis.call('LTRIM', KEYS[2], 0, ${HISTORY_KEPT - 1})
redis.call('PUBLISH', ARGV[4], ARGV[5])
addAudit(KEYS[3], ARGV[6])
return 1`;

export function createMigrationStore({
  redis,
  keys,
  start,
  tell,
  system,
}: MigrationStoreDeps): MigrationStore {
  const runSwap = prepareScript(redis, SWAP);
  const readRecord = async (): Promise<string | null> => {
    // A producer's first publish comes while it connects, and its phase must not be that of one who never asked.
    await untilReady(redis);
    return await redis.get(keys.migration);
  };
  const mirror = createSwitchMirror({ read: async () => parse(await readRecord()), start, tell, system });

  const scriptKeys = [keys.migration, keys.migrationHistory, keys.audit];
  const change: MigrationStore["change"] = async (next, note) => {
    for (let tries = 0; tries < CHANGE_TRIES; tries += 1) {
      const text = await readRecord();
      const before = mirror.learn(parse(text));
      const wanted = next(before);
      if (wanted === null) return before;
      const after = { ...wanted, version: before.version + 1, since: system.now() };
      const entry = changeOf(before, after, system.now());
      const texts = [text ?? "", JSON.stringify(after), JSON.stringify(entry)];
      const audited = auditText(note?.(before, after) ?? null);
      const args = [...texts, keys.changes, migrationNews, audited];
      if ((await runSwap(scriptKeys, args)) === 1) return mirror.learn(after);
    }
    throw redisUnavailable("the switch was changed by others ten times meanwhile");
  };

  return {
    known: mirror.known,
    current: mirror.current,
    currentOrKnown: mirror.currentOrKnown,
    refresh: async () => {
      const isOver = ({ returns }: MigrationSwitch): boolean =>
        returns !== null && system.now() >= returns.at;
      if (isOver(await mirror.readAgain())) await change((now) => (isOver(now) ? returned(now) : null));
    },
    change,
    declare: async (said) => {
      await change((now) => (isNews(said, now) ? declared(now, said) : null));
    },
    history: async (most) => {
      const texts = await redis.lrange(keys.migrationHistory, 0, most - 1);
      return texts.flatMap((text) => readText(changeSchema, text) ?? []);
    },
  };
}

const parse = (text: string | null): MigrationSwitch | null =>
  text === null ? null : readText(switchSchema, text);

const returned = (now: MigrationSwitch): NextSwitch => ({
  ...now,
  phase: now.returns?.to ?? now.phase,
  shares: now.returns?.shares ?? now.shares,
  by: "timer",
  reason: `the time set for ${now.phase} is over`,
  returns: null,
});

const declared = (now: MigrationSwitch, said: Start): NextSwitch => ({
  ...now,
  ...said,
  by: "environment",
  reason: "a process started with another ENABLE_REDIS_FALLBACK, _MODE or _PERCENT than the last one",
  // A decision about what is kept is made for each time that the bus is alone.
  backlog: said.phase === "redis" && now.phase !== "redis" ? "deliver" : now.backlog,
  returns: null,
  environment: said,
});

function changeOf(before: MigrationSwitch, after: MigrationSwitch, nowMs: number): SwitchChange {
  const { version, phase, since, by, reason, shares, returns } = after;
  return { version, from: phaseAt(before, nowMs), to: phase, at: since, by, reason, shares, returns };
}
