/**
 * The route for producers without an SDK: one event, or a list that is published whole or not at all. Answers 202 once
 * Redis has acknowledged, as safely as `?durability=` asks, with the ids that receivers will see.
 */
import { z } from "zod";
import { DESTINATIONS_MAX } from "../../core/destination.ts";
import { DURABILITIES } from "../../core/durability.ts";
import { ENDPOINT_ID_PATTERN, PROFILE_NAMES } from "../../core/endpoint.ts";
import { EVENT_ID_PATTERN } from "../../core/event.ts";
import { readTraceContext } from "../../core/trace-context.ts";
import type { EventManagement, Receipt } from "../../manage/events.ts";
import { EVENTS_MAX, readEvents } from "../read-events.ts";
import {
  type Api,
  eventType,
  keepBodyText,
  onlyDescribing,
  operation,
  subscription,
  withExample,
} from "../routing.ts";

const warnings = z
  .array(z.object({ id: z.string().describe("The event's."), detail: z.string() }))
  .optional()
  .describe(
    "Only where there are any: findings about the data of a known type that its receivers bear (docs/producers.md).",
  );

export const storedEvent = z.object({
  id: z.string(),
  on_bus_only: z
    .literal(true)
    .optional()
    .describe("Only in phase `redis`: the bus has it, the store did not answer; no webhook need follow."),
  warnings,
});
const stored = z.union([
  storedEvent,
  z.object({
    ids: z.array(z.string()).describe("In the order of the list that was sent."),
    on_bus_only: z.array(z.string()).optional().describe("Those of which the same is true."),
    warnings,
  }),
]);

const destination = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).max(2_048),
  events: z
    .array(subscription)
    .max(100)
    .nullish()
    .describe("Types, families such as `job.*`, or `*`, as when absent."),
  profile: z.enum(PROFILE_NAMES).nullish().describe("All that the signing endpoint has, when absent."),
  keyId: z.string().regex(ENDPOINT_ID_PATTERN).nullish().describe("The endpoint that signs; `default`."),
});

/** Described only: readEvents reads, because it must see the text. */
export const newEvent = z.strictObject({
  type: eventType.describe("Words of A–Z a–z 0–9 _ - with dots between them, like `job.completed`."),
  data: z.unknown().describe("Any JSON; sent to receivers as exactly the bytes it came in."),
  id: z
    .string()
    .regex(EVENT_ID_PATTERN)
    .optional()
    .describe("1–64 of A–Z a–z 0–9 _ -; the `webhook-id` of every copy."),
  timestamp: z.iso.datetime({ offset: true }).optional().describe("When it happened; now when absent."),
  expires_at: z.iso
    .datetime({ offset: true })
    .optional()
    .describe("What is not delivered by then is given up as `expired`."),
  destinations: z.array(destination).max(DESTINATIONS_MAX).nullish(),
  legacy: z
    .strictObject({ data: z.unknown() })
    .optional()
    .describe("What the legacy bus gets instead of `data`, as exactly the bytes it came in."),
  traceparent: z
    .unknown()
    .optional()
    .describe(
      "Text: W3C Trace Context of this event; the request's when absent. What cannot be read counts as none.",
    ),
  tracestate: z.unknown().optional().describe("Text."),
});

export const EXAMPLE = { type: "invoice.paid", data: { invoice: "in_42", amount: 1999 } };

/** As bare text, or as a structured field has it. */
const IDEMPOTENCY_KEY = new RegExp(`${EVENT_ID_PATTERN.source}|^"${EVENT_ID_PATTERN.source.slice(1, -1)}"$`);

export function addEventRoutes(app: Api, { publishOnce }: EventManagement): void {
  keepBodyText(app);
  app.post(
    "/api/v1/events",
    operation("publish", "Events", "publishEvents", "Publish one event, or a list whole or not at all", {
      querystring: z.strictObject({
        durability: z
          .enum(DURABILITIES)
          .exactOptional()
          .describe("How safe it must be to count; docs/durability.md."),
      }),
      headers: onlyDescribing(
        z.object({
          "idempotency-key": z
            .string()
            .regex(IDEMPOTENCY_KEY)
            .optional()
            .describe("The id of an event that has none of its own; not with a list."),
          traceparent: z.string().optional().describe("W3C Trace Context: what the events belong to."),
          tracestate: z.string().optional(),
        }),
      ),
      body: withExample(z.union([newEvent, z.array(newEvent).min(1).max(EVENTS_MAX)]), EXAMPLE),
      response: { 202: stored },
    }),
    async ({ body, headers, query }, reply) => {
      const trace = readTraceContext(headers.traceparent, headers.tracestate);
      const { isList, events } = readEvents(body, headers["idempotency-key"], trace);
      const receipts = await publishOnce(events, query);
      return reply.code(202).send(isList ? showAll(receipts) : showOne(receipts));
    },
  );
}

function showOne(receipts: readonly Receipt[]): z.output<typeof storedEvent> {
  const { id = "", isOnBusOnly } = receipts[0] ?? {};
  return { id, ...(isOnBusOnly === true && { on_bus_only: true }), ...showWarnings(receipts) };
}

function showAll(receipts: readonly Receipt[]) {
  const onBusOnly = receipts.flatMap(({ id, isOnBusOnly }) => (isOnBusOnly === true ? [id] : []));
  return {
    ids: receipts.map(({ id }) => id),
    ...(onBusOnly.length > 0 && { on_bus_only: onBusOnly }),
    ...showWarnings(receipts),
  };
}

function showWarnings(receipts: readonly Receipt[]): { readonly warnings?: z.output<typeof warnings> } {
  const all = receipts.flatMap(({ id, warnings = [] }) => warnings.map((detail) => ({ id, detail })));
  return all.length === 0 ? {} : { warnings: all };
}
