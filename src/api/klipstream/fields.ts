/**
 * A webhook, its log and a test as clients of the KlipStream API write and read them: the settings that they know, within
 * their bounds, and no field more. Reading and refusing is done by the tables of endpoints.
 */
import { z } from "zod";
import { jobEvents } from "../../catalogue/job-events.ts";
import type { Caller } from "../../core/access.ts";
import type { AttemptRecord, LoggedAttempt } from "../../core/attempt.ts";
import type { Endpoint } from "../../core/endpoint.ts";
import { subscriptionCovers } from "../../core/event.ts";
import { memberTexts } from "../../core/json-text.ts";
import { type Asked, askedIn } from "../../endpoints/asked.ts";
import { wholeNumber } from "../../endpoints/forms.ts";
import { type EndpointRequest, SETTINGS } from "../../endpoints/settings.ts";
import type { EndpointTest, TestRequest } from "../../manage/test-endpoint.ts";
import { Refusal } from "../problem.ts";
import { readJson } from "../read-json.ts";
import { objectOf, oneId, shownWebhook, showTo } from "../webhook-fields.ts";
import { type LogRow, logRow, showAttempt } from "../webhook-log-fields.ts";

export const PROFILE = "klipstream";
export const EVENTS: readonly string[] = Object.keys(jobEvents);

const MAX_RETRIES = 10;
const events = z.array(z.enum(EVENTS));
const { id, url, secrets, headers, timeoutMs, isActive } = SETTINGS;
const CHANGEABLE = {
  ...{ url, secrets, headers, timeoutMs, isActive },
  events: {
    ...SETTINGS.events,
    form: { expected: `a list of ${EVENTS.join(", ")}`, schema: events, asked: events, shown: events },
  },
  maxRetries: { ...SETTINGS.maxRetries, form: wholeNumber(0, MAX_RETRIES) },
};

/** All events of this API where none are named: `*` would be those of others, too. */
export function readNew(body: unknown, webhookId: string | undefined): Asked<EndpointRequest> {
  const members = objectOf(body);
  const named = { ...members, id: oneId(members, webhookId, "webhook_id") };
  const asked = askedIn("json", { id, ...CHANGEABLE }, named);
  return { ...asked, settings: { events: EVENTS, ...asked.settings, profile: PROFILE } };
}

/** Those that are given; what was read may be written back. */
export function readPart(body: unknown, webhookId: string): Asked<EndpointRequest> {
  const members = objectOf(body);
  oneId(members, webhookId, "id");
  const asked = Object.entries(members).filter(([name]) => !READ_ONLY.has(name));
  return askedIn("json", CHANGEABLE, Object.fromEntries(asked));
}

const READ_ONLY: ReadonlySet<string> = new Set(["id", "created_at", "updated_at"]);

export const webhook = shownWebhook.pick({
  id: true,
  url: true,
  events: true,
  headers: true,
  timeout_seconds: true,
  max_retries: true,
  is_active: true,
  created_at: true,
  updated_at: true,
});
/** The secret where none was given: nobody else knows it. */
export const madeWebhook = webhook.extend({ secret: z.string().optional() });

/** Subscriptions such as `job.*`, which these clients do not know, as the events that they cover. */
export function show(caller: Caller | null, endpoint: Endpoint): z.output<typeof webhook> {
  const covered = EVENTS.filter((type) => endpoint.events.some((one) => subscriptionCovers(one, type)));
  return { ...showTo(caller, endpoint), events: covered };
}

export const delivery = logRow.pick({
  id: true,
  webhook_id: true,
  event: true,
  status: true,
  attempt_count: true,
  response_status: true,
  error_message: true,
  created_at: true,
  last_attempt_at: true,
  next_retry_at: true,
});

/** A row for each delivery, as the newest of these attempts left it; they come newest first. */
export function showDeliveries(attempts: readonly LoggedAttempt[]): readonly LogRow[] {
  const rows = new Map<string, LogRow>();
  for (const attempt of attempts) {
    const { deliveryId, startedAt }: AttemptRecord = attempt.record;
    const newest = rows.get(deliveryId) ?? { ...showAttempt(attempt), id: deliveryId };
    rows.set(deliveryId, { ...newest, created_at: startedAt });
  }
  return [...rows.values()];
}

const testSchema = z.looseObject({
  event: z.enum(EVENTS).optional(),
  test_payload: z.looseObject({}).nullish(),
});

/** The event named, or that a job is done; the payload as a job's data, byte for byte. Throws a Refusal. */
export function readTest(body: unknown): TestRequest {
  if (!Buffer.isBuffer(body) || body.length === 0) return { type: DEFAULT_TEST };
  const { text, value } = readJson(body, "an object with an event and a test_payload");
  const read = testSchema.safeParse(value);
  if (!read.success)
    throw new Refusal("EVENT_INVALID", {
      expected: `event, one of ${EVENTS.join(", ")}, and test_payload, an object`,
      got: "something else",
      remedy: "correct the request",
    });
  const { event: type = DEFAULT_TEST, test_payload: payload } = read.data;
  const payloadText = memberTexts(text).get("test_payload");
  return payload == null || payloadText === undefined ? { type } : { type, dataText: asJob(payloadText) };
}

const DEFAULT_TEST = "job.completed";
const OF_A_JOB: ReadonlySet<string> = new Set(["job_id", "video_id", "data"]);

/** The body has room for a job's ids and `data`; whatever else a payload has, it is part of `data`. */
function asJob(payloadText: string): string {
  const members = memberTexts(payloadText);
  if (members.has("job_id") && [...members.keys()].every((name) => OF_A_JOB.has(name))) return payloadText;
  const [jobId, videoId] = ["job_id", "video_id"].map((name) => members.get(name) ?? '"test"');
  return `{"job_id":${jobId},"video_id":${videoId},"data":${payloadText}}`;
}

export const tested = z.object({
  webhook_id: z.string(),
  event: z.string(),
  status: z.enum(["delivered", "failed"]),
  response_status: z.int().nullable(),
  error_message: z.string().nullable(),
});

export function showTest(webhookId: string, { event, outcome, response, detail }: EndpointTest) {
  const isDelivered = outcome.kind === "delivered";
  const error = response === null ? (detail ?? outcome.kind) : `HTTP ${response.status}`;
  return {
    webhook_id: webhookId,
    event: event.type,
    status: isDelivered ? ("delivered" as const) : ("failed" as const),
    response_status: response?.status ?? null,
    error_message: isDelivered ? null : error,
  };
}
