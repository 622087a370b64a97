/**
 * Events that Hookwave publishes of itself, about an endpoint or a delivery to one (core/operator-event.ts). They hold no
 * secret and no producer's data; a URL is shown as far as its host.
 */
import { z } from "zod";
import type { OperatorEventType } from "../core/operator-event.ts";
import { moment, notNegative, object, text } from "./fields.ts";
import { known } from "./known-event.ts";

const anyText = z.string("a text");
const labels = z.record(z.string(), anyText, "an object of texts");
const endpoint = { endpoint_id: text, url: text, description: anyText, metadata: labels };
const attempt = object({
  outcome: text,
  status: notNegative.nullable(),
  reason: text.nullable(),
});

const about = {
  endpoint_id: "ep_4b1f",
  url: "https://example.com/***",
  description: "orders of the shop",
  metadata: { team: "shop" },
};
const last = { outcome: "refused", status: 503, reason: null };

export const operatorEvents = {
  "endpoint.failing": known(
    object({
      ...endpoint,
      failing_since: moment,
      level: z.literal([25, 50, 75], "25, 50 or 75"),
      disabled_at_the_earliest: moment,
      failed_attempts: notNegative,
      last_attempt: attempt,
    }),
    "An endpoint has failed without one success for a quarter, a half or three quarters of DISABLE_AFTER.",
    {
      ...about,
      failing_since: "2026-01-31T12:00:00.000Z",
      level: 25,
      disabled_at_the_earliest: "2026-02-05T12:00:00.000Z",
      failed_attempts: 1_804,
      last_attempt: last,
    },
  ),
  "endpoint.recovered": known(
    object({ ...endpoint, failing_since: moment, recovered_at: moment }),
    "An endpoint that was told to be failing has succeeded.",
    { ...about, failing_since: "2026-01-31T12:00:00.000Z", recovered_at: "2026-02-02T08:30:00.000Z" },
  ),
  "endpoint.disabled": known(
    object({ ...endpoint, because: anyText, disabled_at: moment, failing_since: moment.nullable() }),
    "An endpoint gets nothing more until it is enabled: by hand, by its own 410, or after DISABLE_AFTER.",
    {
      ...about,
      because: "it has failed for 5d without one success",
      disabled_at: "2026-02-05T12:00:31.000Z",
      failing_since: "2026-01-31T12:00:00.000Z",
    },
  ),
  "delivery.dead_lettered": known(
    object({
      endpoint_id: text,
      url: text.nullable(),
      dead_letter_id: text,
      delivery_id: text,
      event_id: text,
      event_type: text,
      reason: text,
      attempt_count: notNegative,
      last_attempt: attempt.nullable(),
      buried_at: moment,
    }),
    "A delivery was given up; it is kept as a dead letter, from which it can be replayed.",
    {
      endpoint_id: about.endpoint_id,
      url: about.url,
      dead_letter_id: "dl_Jm3vS0",
      delivery_id: "evt_7c2a.ep_4b1f",
      event_id: "evt_7c2a",
      event_type: "order.paid",
      reason: "exhausted",
      attempt_count: 6,
      last_attempt: last,
      buried_at: "2026-01-31T12:01:02.000Z",
    },
  ),
} as const satisfies Readonly<Record<OperatorEventType, unknown>>;
