/** An event and a signing situation to start from; a test names only what it is about. */
import { asEventId } from "../../../src/core/brand.ts";
import { OPTION_DEFAULTS } from "../../../src/core/endpoint.ts";
import type { PublishedEvent } from "../../../src/core/event.ts";
import type { Signing } from "../../../src/wire/profile.ts";

export const NEW_SECRET = "whsec_XYZd6uBvvTT+nOhI8+X8Q2jy9hKxiu9H8p8hZFY6AUA=";
export const OLD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

export function anEvent(changes: Partial<PublishedEvent> = {}): PublishedEvent {
  return {
    id: asEventId("evt_2KWPBgLlAfxdpx2AI54pPJ85f4W"),
    type: "model.registered",
    timestamp: "2025-03-04T05:06:07Z",
    data: '{"model_id":"m-1"}',
    ...changes,
  };
}

export function aSigning(changes: Partial<Signing> = {}): Signing {
  return {
    secrets: [OLD_SECRET],
    attemptNumber: 1,
    timestamp: 1_700_000_000,
    nonce: "6f2b1c5e-0d3a-4c39-9a51-2f0b8f4c9e11",
    url: "https://receiver.example.com/hook",
    options: OPTION_DEFAULTS,
    ...changes,
  };
}
