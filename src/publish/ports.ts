/** What publishing needs from the rest of the house; app.ts plugs in the queue and the store. */
import type { PublishedEvent } from "../core/event.ts";

/** Resolves once Redis has acknowledged the batch as one durable job. */
export type EnqueueEvents = (batch: readonly PublishedEvent[]) => Promise<void>;

/** Resolves when there is a connection; rejects at once when it is known to be down. */
export type UntilReady = (patienceMs: number) => Promise<void>;
