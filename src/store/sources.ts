/**
 * The sources of callbacks: records with their secrets sealed, read anew for each callback, so that a change counts at once
 * in every process. Each change is written together with its entry in the audit log.
 */
import { z } from "zod";
import type { NewAuditEntry } from "../core/audit.ts";
import { asSourceId, type SourceId } from "../core/brand.ts";
import { PROFILE_NAMES, SIGNED_CONTENTS } from "../core/endpoint.ts";
import { HookwaveError } from "../core/errors.ts";
import { isUnsigned, ON_INVALID, type Source } from "../core/source.ts";
import { ADD_AUDIT, auditText } from "./audit.ts";
import type { Keys } from "./keys.ts";
import { readText } from "./record-text.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";
import type { Sealer } from "./sealing.ts";

/** The entry of a change; nothing is before one that is new, and nothing after one that is gone. */
export type SourceNote = (before: Source | null, after: Source | null) => NewAuditEntry | null;

export interface Sources {
  /** Null where there is none. Throws SECRET_UNREADABLE. */
  readonly find: (id: SourceId) => Promise<Source | null>;
  /** By id; at most a hundred exist. */
  readonly list: () => Promise<readonly Source[]>;
  /** Throws SOURCE_CONFLICT where there is one of this id, and SOURCE_INVALID where there are too many. */
  readonly create: (source: Source, note: SourceNote) => Promise<void>;
  /** Tried again when somebody else changed it meanwhile. Throws SOURCE_UNKNOWN. */
  readonly change: (id: SourceId, how: (found: Source) => Source, note: SourceNote) => Promise<Source>;
  /** Throws SOURCE_UNKNOWN. What it has sent stays until its time is over. */
  readonly remove: (id: SourceId, note: SourceNote) => Promise<void>;
  /** Seals again what is sealed with an earlier key; resolves with how many that were. */
  readonly reseal: () => Promise<number>;
  /**
   * Sources without a secret that nobody has been warned of for so long: each is answered to one process of the fleet.
   * Also those of which a record cannot be read are none.
   */
  readonly dueForWarning: (nowMs: number, everyMs: number) => Promise<readonly SourceId[]>;
}

const SOURCES_MAX = 100;

const recordSchema = z.object({
  v: z.literal(1),
  id: z.string().transform(asSourceId),
  profile: z.enum(PROFILE_NAMES),
  sealed: z.string(),
  onInvalid: z.enum(ON_INVALID),
  description: z.string(),
  signatureHeader: z.string().nullable(),
  signedContent: z.enum(SIGNED_CONTENTS),
  createdAt: z.string(),
  updatedAt: z.string(),
});

const secretsSchema = z.array(z.string());

// KEYS: the sources, the audit log, when each was last warned of. ARGV: the id, the record as it was found (empty for none), the new one (empty to remove
// it), the entry, how many there may be. Answers 1; 0 where another record lies there by now; -1 where there is no room.
const SWAP = `${ADD_AUDIT}
local found = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if found ~= ARGV[2] then return 0 end
if found == '' and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[5]) then return -1 end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[3], ARGV[1])
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
addAudit(KEYS[2], ARGV[4])
return 1`;

// KEYS: when each was last warned of. ARGV: now, the pause between two warnings, then ids of those to warn of.
const TAKE_WARNINGS = `
local due = {}
for i = 3, #ARGV do
  local last = tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or '')
  if not last or tonumber(ARGV[1]) - last >= tonumber(ARGV[2]) then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[1])
    due[#due + 1] = ARGV[i]
  end
end
return due`;

export function createSources(redis: Redis, keys: Keys, sealer: Sealer): Sources {
  const runSwap = prepareScript(redis, SWAP);
  const runTakeWarnings = prepareScript(redis, TAKE_WARNINGS);
  const textOf = (id: SourceId): Promise<string | null> => redis.hget(keys.sources, id);
  const swapKeys = [keys.sources, keys.audit, keys.sourceWarnings];
  const swap = async (id: SourceId, found: string, next: string, entry: NewAuditEntry | null) =>
    Number(await runSwap(swapKeys, [id, found, next, auditText(entry), SOURCES_MAX]));

  const change: Sources["change"] = async (id, how, note) => {
    for (;;) {
      const text = await textOf(id);
      if (text === null) throw sourceUnknown(id);
      const found = readSource(text, sealer);
      const next = how(found);
      if ((await swap(id, text, writeSource(next, sealer), note(found, next))) === 1) return next;
    }
  };
  const list = async (): Promise<readonly Source[]> => {
    const texts = Object.values(await redis.hgetall(keys.sources));
    return texts.map((text) => readSource(text, sealer)).toSorted(byId);
  };

  return {
    find: async (id) => {
      const text = await textOf(id);
      return text === null ? null : readSource(text, sealer);
    },
    list,
    create: async (source, note) => {
      const answer = await swap(source.id, "", writeSource(source, sealer), note(null, source));
      if (answer === 0) throw sourceConflict(source.id);
      if (answer === -1) throw tooMany();
    },
    change,
    remove: async (id, note) => {
      for (;;) {
        const text = await textOf(id);
        if (text === null) throw sourceUnknown(id);
        // One that cannot be opened can be removed all the same.
        const entry = note({ ...openPart(text), secrets: [] }, null);
        if ((await swap(id, text, "", entry)) === 1) return;
      }
    },
    reseal: async () => {
      const texts = Object.values(await redis.hgetall(keys.sources));
      const stale = texts.map(openPart).filter(({ sealed, id }) => !sealer.isCurrent(sealed, ownerOf(id)));
      for (const { id } of stale) {
        await change(
          id,
          (found) => found,
          () => null,
        );
      }
      return stale.length;
    },
    dueForWarning: async (nowMs, everyMs) => {
      const unsigned = (await list()).filter(isUnsigned).map(({ id }) => id);
      if (unsigned.length === 0) return [];
      const due = await runTakeWarnings([keys.sourceWarnings], [nowMs, everyMs, ...unsigned]);
      return z.array(z.string().transform(asSourceId)).parse(due);
    },
  };
}

const ownerOf = (id: SourceId) => `source:${id}` as const;

const byId = (one: Source, other: Source): number => (one.id < other.id ? -1 : 1);

function writeSource({ secrets, ...open }: Source, sealer: Sealer): string {
  const sealed = sealer.seal(JSON.stringify(secrets), ownerOf(open.id));
  return JSON.stringify({ v: 1, ...open, sealed });
}

function openPart(text: string) {
  const { v: _, ...open } = recordSchema.parse(JSON.parse(text));
  return open;
}

function readSource(text: string, sealer: Sealer): Source {
  const { sealed, ...open } = openPart(text);
  return { ...open, secrets: readText(secretsSchema, sealer.open(sealed, ownerOf(open.id))) ?? [] };
}

export function sourceUnknown(id: string): HookwaveError {
  return new HookwaveError("SOURCE_UNKNOWN", {
    expected: "the id of a source",
    got: JSON.stringify(id.slice(0, 80)),
    remedy: "`hookwave sources list` shows them; `hookwave sources add` makes one",
  });
}

function sourceConflict(id: SourceId): HookwaveError {
  return new HookwaveError("SOURCE_CONFLICT", {
    expected: "an id that no source has",
    got: `"${id}"`,
    remedy: "take another id, or change the one that is there",
  });
}

function tooMany(): HookwaveError {
  return new HookwaveError("SOURCE_INVALID", {
    expected: `at most ${SOURCES_MAX} sources`,
    got: "one more",
    remedy: "remove sources that nobody sends to",
  });
}
