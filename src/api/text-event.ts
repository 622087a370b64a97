/** An event as it comes in a request: its data is JSON text, cut out of the body as it stands. */
import type { DestinationRequest } from "../core/destination.ts";

export interface TextEvent {
  readonly type: string;
  readonly dataText: string;
  readonly id?: string;
  readonly timestamp?: string;
  readonly destinations?: readonly DestinationRequest[];
}
