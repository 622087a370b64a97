/** A need of publishing, owned here by the consumer: traces, which observe keeps. */
import type { PublishedEvent } from "../core/event.ts";

/** A publish as a trace shows it. */
interface PublishSpan {
  /** The event with the place of this span, which its attempts come under. */
  readonly event: PublishedEvent;
  /** Null where it went well. */
  readonly end: (error: unknown) => void;
}

/** Throws nothing: nobody's event is refused for a trace. */
export type BeginPublish = (event: PublishedEvent) => PublishSpan;
