/**
 * Looking before leaping: a test of one endpoint, which answers with the whole exchange, and an explanation of an
 * event that is not sent. No secret is in either: values of custom headers are masked, and so is what follows a URL's host.
 */
import { z } from "zod";
import { BLOCKER_CODES, WOULD_SEND } from "../../core/dry-run.ts";
import { maskUrl } from "../../core/mask-url.ts";
import { BLOCKED_REASONS, OUTCOME_KINDS, UNREACHABLE_REASONS } from "../../core/outcome.ts";
import type { Explanation } from "../../manage/explain-receiver.ts";
import type { Management } from "../../manage/management.ts";
import type { EndpointTest } from "../../manage/test-endpoint.ts";
import { inJson, isoOf } from "../json-names.ts";
import { readEvents } from "../read-events.ts";
import { unreadable } from "../read-json.ts";
import { readTest, testBody } from "../read-test.ts";
import {
  type Api,
  answersForId,
  endpointId,
  keepBodyText,
  operation,
  pageOf,
  pageQuery,
  withExample,
} from "../routing.ts";
import { EXAMPLE, newEvent } from "./events.ts";

const headers = z.record(z.string(), z.string());
const milliseconds = z.number().nullable();

const shownRequest = z.object({
  method: z.literal("POST"),
  url: z.string().describe("As far as its host; what follows is masked."),
  headers: headers.describe("Values of the endpoint's own headers are masked."),
  body: z.string(),
});

export const endpointTest = z.object({
  event: z.object({ id: z.string(), type: z.string(), timestamp: z.string() }),
  request: shownRequest,
  response: z
    .object({ status: z.int(), headers, body_excerpt: z.string().describe("At most 16 KiB.") })
    .nullable()
    .describe("Null when there was no answer."),
  timings: z
    .object({
      dns_ms: milliseconds,
      connect_ms: milliseconds,
      tls_ms: milliseconds,
      first_byte_ms: milliseconds.describe("From the open connection to the first byte of an answer."),
      total_ms: z.number(),
    })
    .describe("How long each part took; null for one that was not needed or not reached."),
  outcome: z.enum(OUTCOME_KINDS),
  reason: z.enum([...UNREACHABLE_REASONS, ...BLOCKED_REASONS]).nullable(),
  detail: z
    .string()
    .nullable()
    .describe("Why there was no answer, as a code such as ECONNREFUSED or in words."),
  hints: z.array(z.string()).describe("What may help; none when it was delivered."),
});

const explanation = z.object({
  endpoint_id: z.string(),
  url: z.string().describe("As far as its host; what follows is masked."),
  would_send: z.enum(WOULD_SEND),
  reasons: z.array(
    z.object({
      code: z.enum(BLOCKER_CODES),
      detail: z.string(),
      until: z.iso.datetime().nullable().describe("When it ends by itself; null where it does not."),
    }),
  ),
  request: shownRequest
    .nullable()
    .describe(
      "What would be sent; signatures are masked, too. Null where the event is not for this endpoint.",
    ),
});

export type TestInJson = z.output<typeof endpointTest>;
export type ExplanationInJson = z.output<typeof explanation>;

const explainQuery = z.strictObject({
  ...pageQuery,
  endpoint: endpointId.optional().describe("Only this one; nothing where there is none of this id."),
  only_matching: z
    .enum(["true", "false"])
    .default("false")
    .describe("Leave out endpoints that the type is not for."),
});

export const explainedEvent = pageOf(explanation).extend({
  event_id: z.string(),
  is_duplicate: z.boolean().describe("An event of this id has been published: nobody would get it again."),
  destinations: z.array(explanation).describe("Of the event's own destinations; only with the first page."),
});

export type ExplainedInJson = z.output<typeof explainedEvent>;

export function addTestAndExplainRoutes(app: Api, { testEndpoint, explainEvent }: Management): void {
  keepBodyText(app);
  app.post(
    "/api/v1/webhooks/:id/test",
    operation("admin", "Webhooks", "testWebhook", "Send a test event now and see the whole exchange", {
      ...answersForId(endpointTest),
      body: testBody,
    }),
    async ({ params, body }) => showTest(await testEndpoint(params.id, readTest(body))),
  );
  const summary = "Say who would get an event, who would not and why; nothing is sent";
  app.post(
    "/api/v1/explain",
    operation("read", "Events", "explainEvent", summary, {
      querystring: explainQuery,
      body: withExample(newEvent, EXAMPLE),
      response: { 200: explainedEvent },
    }),
    async ({ query: { after = null, limit, only_matching: onlyMatching, endpoint: only }, body }) => {
      const { isList, events } = readEvents(body, undefined);
      const [event] = events;
      if (isList || event === undefined) throw unreadable("one event", "a list", "explain one at a time");
      const explained = await explainEvent(event, {
        after,
        limit,
        onlyMatching: onlyMatching === "true",
        only,
      });
      return {
        ...inJson(explained),
        destinations: explained.destinations.map(showExplanation),
        data: explained.data.map(showExplanation),
      };
    },
  );
}

const showRequest = (request: EndpointTest["request"]): z.output<typeof shownRequest> => ({
  ...request,
  url: maskUrl(request.url),
});

function showTest({ event, request, response, timings, outcome, detail, hints }: EndpointTest) {
  return {
    event,
    request: showRequest(request),
    response: response && { ...response, body_excerpt: response.excerpt },
    timings: inJson(timings),
    outcome: outcome.kind,
    reason: outcome.kind === "unreachable" || outcome.kind === "blocked" ? outcome.reason : null,
    detail,
    hints: [...hints],
  };
}

function showExplanation({ endpointId, url, wouldSend, blockers, request }: Explanation) {
  return {
    endpoint_id: endpointId,
    url: maskUrl(url),
    would_send: wouldSend,
    reasons: blockers.map((one) => ({ ...one, until: isoOf(one.until) })),
    request: request && showRequest(request),
  };
}
