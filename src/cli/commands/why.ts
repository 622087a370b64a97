/**
 * `hookwave why <event> [<endpoint>]`: the question that a customer asks. For each endpoint what became of the event there:
 * its delivery, or else why it has none.
 */
import { type WholeEventInJson, wholeEventSchema } from "../../api/routes/event-records.ts";
import { type ExplanationInJson, explainedEvent } from "../../api/routes/test-and-explain.ts";
import { pageOf } from "../../api/routing.ts";
import { type DeliveryInJson, deliverySchema } from "../../api/shown-delivery.ts";
import { shownWebhook } from "../../api/webhook-fields.ts";
import { isDestinationId } from "../../core/destination.ts";
import { HookwaveError } from "../../core/errors.ts";
import { memberTexts } from "../../core/json-text.ts";
import type { ApiClient } from "../api-client.ts";
import { askWithText } from "../as-it-came.ts";
import type { Invocation } from "../command-line.ts";
import { answerOf } from "../delivery-rows.ts";
import { readAll } from "../pages.ts";
import { type Report, report } from "../report.ts";
import { withApi } from "../service-access.ts";
import { stateCell } from "../state-hues.ts";
import type { Table } from "../table.ts";

interface Answer {
  readonly endpoint_id: string;
  /** Null where it has none. */
  readonly delivery: DeliveryInJson | null;
  /** One sentence each. */
  readonly because: readonly string[];
}

/** Of those without a delivery, as many are shown; nobody reads thousands that the event's type is not for. */
const WITHOUT_MAX = 20;

const deliveryPage = pageOf(deliverySchema);

export async function why(asked: Invocation): Promise<Report> {
  const [id = "", only] = asked.operands;
  const { event, answers } = await withApi(asked, (api) => explain(api, id, only), true);
  const { type, accepted_at: acceptedAt } = event;
  const opening = `${id} (${type}) was taken on at ${acceptedAt}`;
  const about = { event_id: id, event_type: type, accepted_at: acceptedAt };
  return report([opening, ...answersShown(answers)], { ...about, data: answers });
}

function answersShown(answers: readonly Answer[]): readonly (string | Table)[] {
  if (answers.length === 0) return ["there is no endpoint"];
  const without = answers.filter(({ delivery }) => delivery === null);
  const left = new Set(without.slice(WITHOUT_MAX));
  const rows = answers
    .filter((one) => !left.has(one))
    .map((one) => [one.endpoint_id, stateCell(one.delivery?.status ?? "not sent"), one.because.join("; ")]);
  const more =
    left.size === 0 ? [] : [`and ${left.size} more that have no delivery of it; name one to ask about it`];
  return [{ head: ["ENDPOINT", "STATE", "BECAUSE"], rows }, ...more];
}

async function explain(api: ApiClient, id: string, only: string | undefined) {
  const { json, answer: event } = await askWithText(api, { path: ["events", id] }, wholeEventSchema);
  const filter = { event: id, endpoint: only };
  const deliveries = await readAll((one) =>
    api.ask({ path: ["deliveries"], query: { ...filter, ...one } }, deliveryPage),
  );
  const byEndpoint = new Map(deliveries.map((delivery) => [delivery.endpoint_id, delivery]));
  const body = `{"id":${JSON.stringify(id)},"type":${JSON.stringify(event.type)},"data":${memberTexts(json).get("data")}}`;
  const asked = await readAll((one) => {
    const query = { ...one, endpoint: only };
    return api.ask({ method: "POST", path: ["explain"], query, body }, explainedEvent);
  });
  const known = new Set(asked.map((one) => one.endpoint_id));
  const gone = deliveries.filter((one) => !known.has(one.endpoint_id));
  // For the error's own words.
  if (only !== undefined && asked.length + gone.length === 0)
    await api.ask({ path: ["webhooks", only] }, shownWebhook);
  const answers: Answer[] = [];
  for (const now of asked)
    answers.push(await answerFor(api, byEndpoint.get(now.endpoint_id) ?? null, now, event));
  return { event, answers: [...answers, ...gone.map(ofNoEndpoint)] };
}

const ofNoEndpoint = (delivery: DeliveryInJson): Answer => ({
  endpoint_id: delivery.endpoint_id,
  delivery,
  because: [
    pastOf(delivery),
    isDestinationId(delivery.endpoint_id)
      ? "a destination of the event's own"
      : "no endpoint has this id now",
  ],
});

async function answerFor(
  api: ApiClient,
  delivery: DeliveryInJson | null,
  now: ExplanationInJson,
  event: WholeEventInJson,
): Promise<Answer> {
  const id = { endpoint_id: now.endpoint_id };
  // Of course it has been published: that is what is asked about.
  const reasons = now.reasons
    .filter(({ code }) => code !== "duplicate")
    .map(({ detail, until }) => (until === null ? detail : `${detail} (until ${until})`));
  if (delivery === null) {
    const because = reasons.length === 0 ? [await whyNone(api, now.endpoint_id, event)] : reasons;
    return { ...id, delivery, because };
  }
  const isWaiting = delivery.status === "held" || delivery.status === "retrying";
  return { ...id, delivery, because: [pastOf(delivery), ...(isWaiting ? reasons : [])] };
}

/** For one that would get it now. */
async function whyNone(api: ApiClient, id: string, event: WholeEventInJson): Promise<string> {
  const webhook = await api.ask({ path: ["webhooks", id] }, shownWebhook).catch((error: unknown) => {
    if (error instanceof HookwaveError && error.code === "ENDPOINT_UNKNOWN") return null;
    throw error;
  });
  if (webhook === null) return "it has been removed just now";
  if (webhook.created_at > event.accepted_at) return `it was added later, at ${webhook.created_at}`;
  if (webhook.updated_at > event.accepted_at)
    return `it was changed since, at ${webhook.updated_at}; today it would get it`;
  return "nothing stands against it: its first attempt is under way";
}

/** Its past in one sentence. */
function pastOf({
  status,
  reason,
  attempt_count: count,
  last_attempt: last,
  next_attempt_at: next,
  round,
}: DeliveryInJson): string {
  const tried = last === null ? "not tried yet" : `${answerOf(last)} at attempt ${count}, ${last.started_at}`;
  const again = round === 0 ? "" : `, after ${round} ${round === 1 ? "replay" : "replays"}`;
  const end = status === "buried" ? `given up (${reason}): ` : "";
  return `${end}${tried}${again}${next === null ? "" : `; next attempt at ${next}`}`;
}
