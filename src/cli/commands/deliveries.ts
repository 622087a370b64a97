/** `hookwave deliveries …`: what is owed to whom, what was tried of it, and trying it now or not any more. */
import { pageOf } from "../../api/routing.ts";
import { deliverySchema, type WholeDeliveryInJson, wholeDeliverySchema } from "../../api/shown-delivery.ts";
import { DELIVERY_STATUSES } from "../../core/delivery.ts";
import type { Invocation } from "../command-line.ts";
import { attemptsTable, deliveriesTable } from "../delivery-rows.ts";
import { moreWith, placeAsked, readUpTo } from "../pages.ts";
import { type Report, report } from "../report.ts";
import { askApi, withApi } from "../service-access.ts";
import { stateCell } from "../state-hues.ts";
import type { Shown } from "../table.ts";
import { choice, isoAsked } from "../values.ts";

const PATH = "deliveries";
const deliveryPage = pageOf(deliverySchema);

export async function listDeliveries(asked: Invocation): Promise<Report> {
  const place = placeAsked(asked);
  const filter = {
    event: asked.one("event"),
    endpoint: asked.one("endpoint"),
    status: choice(asked, "status", DELIVERY_STATUSES),
    since: isoAsked(asked, "since"),
    until: isoAsked(asked, "until"),
  };
  const listed = await withApi(asked, (api) =>
    readUpTo((one) => api.ask({ path: [PATH], query: { ...filter, ...one } }, deliveryPage), place),
  );
  return report([deliveriesTable(listed.data), ...moreWith(listed.next)], listed);
}

export async function showDelivery(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const delivery = await askApi(asked, { path: [PATH, id] }, wholeDeliverySchema);
  return report(portrait(delivery), delivery);
}

export const retryDelivery = (asked: Invocation): Promise<Report> => change(asked, "retry");
export const cancelDelivery = (asked: Invocation): Promise<Report> => change(asked, "cancel");

async function change(asked: Invocation, order: "retry" | "cancel"): Promise<Report> {
  const [id = ""] = asked.operands;
  const delivery = await askApi(asked, { method: "POST", path: [PATH, id, order] }, wholeDeliverySchema);
  return report(order === "retry" ? `${id} is tried now` : `cancelled ${id}`, delivery);
}

function portrait(delivery: WholeDeliveryInJson): Shown {
  const { status, reason } = delivery;
  const statusText = reason === null ? status : `${status}: ${reason}`;
  const rows = [
    ["id", delivery.id],
    ["type", delivery.event_type],
    ["status", stateCell(status, statusText)],
    ["created", delivery.created_at],
    ["replays", String(delivery.round)],
    ...(delivery.next_attempt_at === null ? [] : [["next attempt", delivery.next_attempt_at]]),
  ];
  return [{ rows }, "", attemptsTable(delivery.attempts)];
}
