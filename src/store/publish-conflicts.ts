/**
 * Published ids: a producer that sends one id twice with different content is told so, instead of having the second
 * taken for a repetition of the first. Only digests are kept. The ledger does not need this: it delivers an id once,
 * whatever comes under it later.
 */
import type { EventId } from "../core/brand.ts";
import { byShard, type Shards } from "../core/shards.ts";
import type { Keys } from "./keys.ts";
import { type Redis, redisUnavailable, untilReady } from "./redis.ts";
import { prepareScript } from "./script.ts";

interface PublishedContent {
  readonly id: EventId;
  readonly digest: string;
}

/**
 * Claims all and answers null, or none and answers with the index of the first id that was taken. Throws REDIS_UNAVAILABLE.
 */
export type FindConflict = (claims: readonly PublishedContent[]) => Promise<number | null>;

/** In one shard, in one round trip: that one, or a look that claims nothing. */
interface ShardConflicts {
  readonly claim: FindConflict;
  readonly look: FindConflict;
}

const CLAIM = `
local seen = {}
for i, key in ipairs(KEYS) do
  local digest = seen[key] or redis.call('GET', key)
  if digest and digest ~= ARGV[i + 1] then return i end
  seen[key] = ARGV[i + 1]
end
if ARGV[1] == '0' then return 0 end
for i, key in ipairs(KEYS) do redis.call('SET', key, ARGV[i + 1], 'PX', ARGV[1], 'NX') end
return 0`;

export function createPublishConflicts(redis: Redis, keys: Keys, retentionMs: number): ShardConflicts {
  const runClaim = prepareScript(redis, CLAIM);
  const claimFor = async (forMs: number, claims: Parameters<FindConflict>[0]): Promise<number | null> => {
    const scriptKeys = claims.map(({ id }) => keys.published(id));
    await untilReady(redis);
    const digests = claims.map(({ digest }) => digest);
    const taken = await runClaim(scriptKeys, [forMs, ...digests]).catch((cause: Error) => {
      throw redisUnavailable(cause.message.slice(0, 200), cause);
    });
    return taken === 0 ? null : Number(taken) - 1;
  };
  return { claim: (claims) => claimFor(retentionMs, claims), look: (claims) => claimFor(0, claims) };
}

/** No two shards have a round trip in common: all are looked at before any of them is claimed in. */
export function conflictsOver(shards: Shards<ShardConflicts>): FindConflict {
  return async (claims) => {
    const parts = [...byShard(shards, claims, ({ id }) => id)];
    const findBy = async (how: keyof ShardConflicts): Promise<number | null> => {
      const found = await Promise.all(parts.map(([one, own]) => one[how](own)));
      const taken = parts.flatMap(([, own], at) => own[found[at] ?? Number.NaN] ?? []);
      const first = claims.findIndex((claim) => taken.includes(claim));
      return first === -1 ? null : first;
    };
    return (parts.length > 1 ? await findBy("look") : null) ?? (await findBy("claim"));
  };
}

/**
 * Is this id taken? A worker has claimed it, or it was published over HTTP and waits for one. For as long as either is
 * kept, publishing it again sends nothing.
 */
export async function isPublished(redis: Redis, keys: Keys, id: EventId): Promise<boolean> {
  const [claimed, published] = await Promise.all([
    redis.hexists(keys.event(id), "holder"),
    redis.exists(keys.published(id)),
  ]);
  return claimed + published > 0;
}
