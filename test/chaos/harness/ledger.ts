/**
 * The one ledger check: acknowledged − answered 2xx − in the dead letters − still queued = nothing. Counted by
 * delivery: every endpoint that subscribed to an event's type is owed it.
 */
import { Queue } from "bullmq";
import { subscriptionCovers } from "../../../src/core/event.ts";
import { connectRedis, type Redis } from "../../../src/store/redis.ts";
import { placeAt } from "../../../src/store/redis-place.ts";
import { type ShardPlace, shardPlaces } from "../../../src/store/shard-places.ts";
import type { Acknowledged } from "./producers.ts";
import type { Post, Receiver } from "./receiver.ts";

/** All that Hookwave still knows of: deliveries as `event>endpoint`, and events owed to whoever subscribed. */
export interface Kept {
  readonly deliveries: ReadonlySet<string>;
  readonly events: ReadonlySet<string>;
  /** The reason of each dead letter. */
  readonly reasons: readonly string[];
  /** The endpoint of each that is a delivery's. */
  readonly buriedFor: readonly string[];
}

const deliveryKey = (eventId: string, endpointId: string): string => `${eventId} > ${endpointId}`;

export function lostDeliveries(
  acknowledged: readonly Acknowledged[],
  receivers: readonly Receiver[],
  kept: Kept,
): readonly string[] {
  return receivers.flatMap(({ endpointId, events, posts }) => {
    const answered = new Set(posts.filter(isAnswered2xx).map(({ id }) => id));
    return acknowledged
      .filter(({ type }) => events.some((one) => subscriptionCovers(one, type)))
      .filter(({ id }) => !answered.has(id) && !kept.events.has(id))
      .map(({ id }) => deliveryKey(id, endpointId))
      .filter((key) => !kept.deliveries.has(key));
  });
}

export const isAnswered2xx = ({ status }: { readonly status: number | null }): boolean =>
  status !== null && status >= 200 && status < 300;

/** POSTs beyond the first that neither a refusal nor a deadline asked for. */
export function countDuplicates(receivers: readonly Receiver[]): number {
  return receivers.reduce((sum, { posts, deadlineMs }) => {
    const unasked = new Map<string, number>();
    for (const post of posts) {
      const another = isAnswered2xx(post) || !hasFailed(post, deadlineMs) ? 1 : 0;
      unasked.set(post.id, (unasked.get(post.id) ?? 0) + another);
    }
    return [...unasked.values()].reduce((total, count) => total + Math.max(0, count - 1), sum);
  }, 0);
}

/** The most POSTs that one event came in. */
export function mostPosts(posts: readonly Post[]): number {
  const counts = new Map<string, number>();
  for (const { id } of posts) counts.set(id, (counts.get(id) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}

/** A busy machine reads a POST some time after it was sent, when its deadline had begun. */
const EARLY_MS = 250;

function hasFailed({ at, status, brokenAt }: Post, deadlineMs: number): boolean {
  return status !== null || (brokenAt !== null && brokenAt - at >= deadlineMs - EARLY_MS);
}

/**
 * Reads the queues, the lines and the dead letters as they are now: themselves, not what we keep to find them by. The
 * lines are read before the queues and after them, as workers go on: a delivery goes from either to the other.
 */
export async function readKept(redisUrl: string, shards = 1): Promise<Kept> {
  const home = placeAt(redisUrl, { prefix: PREFIX, redisTlsCa: null, redisTlsCert: null, redisTlsKey: null });
  const places = shardPlaces(home, PREFIX, shards).all;
  // First where they come from: an event is handed on from home.
  const all = shards === 1 ? places : [{ place: home, prefix: PREFIX }, ...places];
  const kept = {
    deliveries: new Set<string>(),
    events: new Set<string>(),
    reasons: [] as string[],
    buriedFor: [] as string[],
  };
  for (const one of all) await readShard(one, kept);
  return kept;
}

interface Collected extends Kept {
  readonly deliveries: Set<string>;
  readonly events: Set<string>;
  readonly reasons: string[];
  readonly buriedFor: string[];
}

async function readShard(place: ShardPlace, { deliveries, events, reasons, buriedFor }: Collected) {
  await using queues = openQueues(place);
  for (const text of await readParked(queues.connection, place.prefix)) note(text);
  for (const queue of queues.all) {
    const jobs = await queue.getJobs(["waiting", "active", "delayed", "prioritized"]);
    for (const { data } of jobs) {
      note(data.kind === "job" ? data.text : JSON.stringify(data));
      if (queue.name !== "dead-letters") continue;
      reasons.push(data.because);
      if (data.kind === "delivery") buriedFor.push(data.delivery.endpointId);
    }
  }
  for (const text of await readParked(queues.connection, place.prefix)) note(text);

  function note(text: string): void {
    const found = readText(text);
    if (found.endpointId === null) for (const id of found.eventIds) events.add(id);
    else for (const id of found.eventIds) deliveries.add(deliveryKey(id, found.endpointId));
  }
}

const PREFIX = "{hookwave}";

async function readParked(redis: Redis, prefix: string): Promise<readonly string[]> {
  const lines = await redis.keys(`${prefix}:parking:line:*`);
  const texts = await Promise.all(
    lines.map(async (line) => await readLine(redis, line.slice(`${prefix}:parking:line:`.length), prefix)),
  );
  return texts.flat();
}

/**
 * The texts that have a place in an endpoint's line: one without a place nobody would ever come to. A line that has
 * drained since it was listed has none.
 */
export async function readLine(
  redis: Redis,
  endpointId: string,
  prefix = PREFIX,
): Promise<readonly string[]> {
  const names = await redis.zrange(`${prefix}:parking:line:${endpointId}`, 0, "-1");
  if (names.length === 0) return [];
  const texts = await redis.hmget(`${prefix}:parking:deliveries:${endpointId}`, ...names);
  return texts.filter((text) => text !== null);
}

interface Found {
  readonly endpointId: string | null;
  readonly eventIds: readonly string[];
}

/** A delivery (alone or in its letter), an events job, or what a producer wrote. */
function readText(text: string): Found {
  const { delivery, events, id } = JSON.parse(text);
  if (delivery !== undefined) return { endpointId: delivery.endpointId, eventIds: [delivery.event.id] };
  const ids = Array.isArray(events) ? events.map((event) => String(event.id)) : [String(id)];
  return { endpointId: null, eventIds: ids };
}

function openQueues({
  place,
  prefix,
}: ShardPlace): AsyncDisposable & { readonly all: readonly Queue[]; readonly connection: Redis } {
  const connection = connectRedis(place, "watcher", () => undefined);
  const all = ["events", "deliveries", "dead-letters"].map((name) => new Queue(name, { connection, prefix }));
  return {
    all,
    connection,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(all.map((queue) => queue.close()));
      connection.disconnect();
    },
  };
}
