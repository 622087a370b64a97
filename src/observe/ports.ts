/**
 * The port of observing, owned here by the consumer; app.ts plugs in the queues. Everything else reaches observe as a
 * happening: it asks nobody.
 */
import type { QueueCounts } from "../core/queue-counts.ts";

/** Called once per scrape, so it must settle within a scrape's patience (a second or two), by rejecting if need be. */
export type ReadQueues = () => Promise<QueueCounts>;
