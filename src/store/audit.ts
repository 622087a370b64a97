/**
 * The audit log in Redis: a stream, bounded, of which the oldest entries end. What is changed by a script is written here by
 * the same one, so that neither is there without the other.
 */
import { z } from "zod";
import { AUDIT_ACTIONS, type AuditEntry, type AuditFilter, type NewAuditEntry } from "../core/audit.ts";
import { cursorInvalid, type Page, type PageRequest } from "../core/page.ts";
import { feedTime, STREAM_ID_PATTERN } from "./feed-entries.ts";
import type { Keys } from "./keys.ts";
import { readText } from "./record-text.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

export interface AuditStore {
  /** Resolves with the entry's id. */
  readonly add: (entry: NewAuditEntry) => Promise<string>;
  /** For what came to nothing. */
  readonly withdraw: (id: string) => Promise<void>;
  /** Newest first. Throws CURSOR_INVALID. */
  readonly page: (filter: AuditFilter, request: PageRequest) => Promise<Page<AuditEntry>>;
}

/** Some 3 MB, at a quarter of a kilobyte each. */
const KEPT = 10_000;
/** Entries that a filter looks at for one page. */
const SCAN_MAX = 1_000;

/** For scripts that change something: writes the entry, if there is one. */
export const ADD_AUDIT = `
local function addAudit(key, entry)
  if entry == '' then return '' end
  return redis.call('XADD', key, 'MAXLEN', '~', ${KEPT}, '*', 'entry', entry)
end`;

// Begins with a write that needs no memory, so that Redis lets it go on when memory is short: what makes room, and what
// stops something, must not be refused for want of an entry.
const ADD = `${ADD_AUDIT}
redis.call('DEL', KEYS[2])
return addAudit(KEYS[1], ARGV[1])`;

const textSchema = z.object({
  action: z.enum(AUDIT_ACTIONS),
  target: z.string().nullable(),
  by: z.object({ id: z.string(), name: z.string() }),
  requestId: z.string().nullable(),
  before: z.record(z.string(), z.unknown()).nullable(),
  after: z.record(z.string(), z.unknown()).nullable(),
});

/** As a script takes it; null where there is nothing to write. */
export const auditText = (entry: NewAuditEntry | null): string =>
  entry === null ? "" : JSON.stringify(entry);

export function createAuditStore(redis: Redis, keys: Keys): AuditStore {
  const runAdd = prepareScript(redis, ADD);
  return {
    add: async (entry) => String(await runAdd([keys.audit, keys.nothing], [auditText(entry)])),
    withdraw: async (id) => {
      await redis.xdel(keys.audit, id);
    },
    page: async (filter, { after, limit }) => {
      if (after !== null && !STREAM_ID_PATTERN.test(after)) throw cursorInvalid(after);
      const isNarrow = Object.values(filter).some((value) => value !== undefined);
      const count = isNarrow ? SCAN_MAX : limit;
      const rows = await redis.xrevrange(keys.audit, after === null ? "+" : `(${after}`, "-", "COUNT", count);
      const wanted = rows.flatMap(([id, [, text = ""]]) => entryOf(id, text, filter));
      const data = wanted.slice(0, limit);
      const isMore = wanted.length > limit || rows.length === count;
      const last = wanted.length > limit ? data.at(-1)?.id : rows.at(-1)?.[0];
      return { data, next: isMore ? (last ?? null) : null };
    },
  };
}

/** None for one that is not asked for, or that a later version has written. */
function entryOf(id: string, text: string, { action, target, by }: AuditFilter): readonly AuditEntry[] {
  const entry = readText(textSchema, text);
  if (entry === null) return [];
  const isWanted =
    (action === undefined || entry.action === action) &&
    (target === undefined || entry.target === target) &&
    (by === undefined || entry.by.id === by);
  return isWanted ? [{ id, at: new Date(feedTime(id)).toISOString(), ...entry }] : [];
}
