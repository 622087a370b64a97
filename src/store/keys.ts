/**
 * Every Redis key of ours, in one place (decision 8). The prefix carries a hash tag, so that a cluster
 * keeps everything in one slot and scripts may touch several keys.
 */
import { hash } from "node:crypto";
import type { EndpointId, EventId } from "../core/brand.ts";
import type { RateLimit } from "../core/endpoint.ts";
import type { BreakerId } from "../core/origin.ts";

export type ShelfName = "late" | "fallback" | "backlog";

export type Keys = Readonly<ReturnType<typeof createKeys>>;

export function createKeys(prefix: string) {
  return {
    endpoints: `${prefix}:endpoints`,
    endpointsVersion: `${prefix}:endpoints:version`,
    /** The id of the key that they are sealed with. */
    endpointsKey: `${prefix}:endpoints:key`,
    /** The number of the layout that all of this has, and the version that wrote it first. */
    layout: `${prefix}:layout`,
    /** Pub/sub channel on which workers hear of changed endpoints and breakers. */
    changes: `${prefix}:changes`,
    /** Endpoint id → epoch ms of the next probe, for open breakers only. */
    breakers: `${prefix}:breakers`,
    ...questionKeys(prefix),
    /** Sorted set of workers' versions and names by when each was last heard of. */
    workers: `${prefix}:workers`,
    ...callerKeys(prefix),
    /** Event id → what has happened, for operator events that are not published yet. */
    operatorEvents: `${prefix}:operator-events`,
    ...migrationKeys(`${prefix}:migration`, `${prefix}:bus`),
    recent: `${prefix}:recent`,
    /** The last group of attempts, or of endpoints' health, that a process has recorded. */
    recorded: (holder: string) => `${prefix}:recorded:${holder}`,
    /** Stream of event ids and types in the order in which workers took them on. */
    feed: `${prefix}:feed`,
    event: (id: EventId) => `${prefix}:event:${hash("sha256", id, "base64url")}`,
    /** Digest of what was first published over HTTP under this id. */
    published: (id: EventId) => `${prefix}:published:${hash("sha256", id, "base64url")}`,
    attempts: (id: EndpointId) => `${prefix}:attempts:${id}`,
    health: (id: EndpointId) => `${prefix}:health:${id}`,
    probe: (id: BreakerId) => `${prefix}:probe:${id}`,
    /** Another limit is another key: what was given out under the old one ends by itself. */
    rate: (id: EndpointId, { count, perMs }: RateLimit) => `${prefix}:rate:${id}:${count}:${perMs}`,
    /** Sorted set of delivery ids by the time they were accepted. */
    waiting: (id: EndpointId) => `${prefix}:waiting:${id}`,
    /** There while those sets need not be looked through again. */
    waitingCheck: `${prefix}:waiting-check`,
    ...parkingKeys(`${prefix}:parking`),
    ...letterKeys(prefix),
    ...inboxKeys(`${prefix}:inbox`),
    replay: (id: string) => `${prefix}:replay:${id}`,
    /** Sorted set of the ids of the latest replays by when each was begun. */
    replays: `${prefix}:replays`,
    /** The process that works on a replay now. */
    replayLease: (id: string) => `${prefix}:replay-lease:${id}`,
    /** Ids of the replays that are neither done nor cancelled. */
    openReplays: `${prefix}:open-replays`,
    statistics: (id: EndpointId) => `${prefix}:statistics:${id}`,
    /** `hour` is the beginning of an ISO 8601 time. */
    statisticsHour: (id: EndpointId, hour: string) => `${prefix}:statistics:${id}:${hour}`,
    /** Of the whole fleet; `minute` is the same of a minute. */
    statisticsMinute: (minute: string) => `${prefix}:minute:${minute}`,
  };
}

const letterKeys = (prefix: string) => ({
  /** Sorted set of the ids of all dead letters by the time they were buried. */
  letters: `${prefix}:letters`,
  /** The same of one endpoint. */
  lettersOf: (id: EndpointId) => `${prefix}:letters:${id}`,
  /** Dead letter id → its summary. */
  letterSummaries: `${prefix}:letter-summaries`,
});

const inboxKeys = (inbox: string) => ({
  /** All keys of stored callbacks begin with this: callbacks-script.ts names them. */
  inbox,
  /** Source id → its record. */
  sources: `${inbox}:sources`,
  /** Source id → epoch ms at which it was last warned of, for those without a secret. */
  sourceWarnings: `${inbox}:warnings`,
});

const callerKeys = (prefix: string) => ({
  /** API key id → its record. */
  apiKeys: `${prefix}:api-keys`,
  /** Stream of who changed what. */
  audit: `${prefix}:audit`,
  /** A session of somebody who has signed in; `digest` of its id. */
  session: (digest: string) => `${prefix}:session:${digest}`,
  /** Sorted set of those keys by when each session was begun, for an API key's id. */
  sessionsOf: (keyId: string) => `${prefix}:sessions:${keyId}`,
  /** The prefix of the counters of the API's rate limits. */
  rateLimits: `${prefix}:requests:`,
});

const questionKeys = (prefix: string) => ({
  /** Written, for a second, by whoever asks whether Redis takes writes that need memory. */
  readiness: `${prefix}:readiness`,
  /** Never there: deleting it shows that Redis takes writes, and writes nothing. */
  nothing: `${prefix}:nothing`,
});

const migrationKeys = (prefix: string, bus: string) => ({
  /** The switch of the migration, and what became of it. */
  migration: prefix,
  migrationHistory: `${prefix}:history`,
  /** `minute` is the beginning of an ISO 8601 time. */
  migrationMinute: (minute: string) => `${prefix}:${minute}`,
  /** Events that the bus is owed, and those whose webhooks are kept: ids by time, and id → event. */
  shelf: (name: ShelfName) => ({ times: `${bus}:${name}`, events: `${bus}:${name}:events` }),
  /** Ids of events whose webhook is owed, by the time they were accepted. */
  parity: `${bus}:parity`,
  busLease: (name: string) => `${bus}:lease:${name}`,
});

const parkingKeys = (prefix: string) => ({
  /** Endpoint id → epoch ms at which its line is to be looked at, for those who have one; and who has which in work. */
  parking: { due: `${prefix}:due`, leases: `${prefix}:leases` },
  /** Parked deliveries: names of rounds by the time since when each is held; name → delivery; name → starts of it. */
  line: (id: EndpointId) => ({
    times: `${prefix}:line:${id}`,
    deliveries: `${prefix}:deliveries:${id}`,
    starts: `${prefix}:starts:${id}`,
  }),
});
