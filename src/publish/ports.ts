/** The ports of publishing; app.ts plugs in the queue and the store. */
import type { Durability } from "../core/durability.ts";
import type { PublishedEvent } from "../core/event.ts";

/** Resolves once the batch is one job that is as durable as asked; rejects with DURABILITY_UNMET when it is less. */
export type EnqueueEvents = (batch: readonly PublishedEvent[], durability: Durability) => Promise<void>;

/** Resolves when there is a connection for such writes; rejects at once when it is known to be down. */
export type UntilReady = (patienceMs: number, durability: Durability) => Promise<void>;
