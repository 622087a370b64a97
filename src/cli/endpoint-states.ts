/** The state of each endpoint, asked of the API and said in core's words. */

import { type EndpointHealth, endpointHealthPage } from "../api/routes/health.ts";
import { pageOf } from "../api/routing.ts";
import type { ShownWebhook } from "../api/webhook-fields.ts";
import { logRow } from "../api/webhook-log-fields.ts";
import { endpointWord, stateInWords } from "../core/endpoint-state.ts";
import { HookwaveError } from "../core/errors.ts";
import type { ApiClient } from "./api-client.ts";
import { readAll } from "./pages.ts";
import { stateCell } from "./state-hues.ts";
import type { Cell } from "./table.ts";

const HEALTH = { root: "health", path: ["webhooks"] } as const;
/** Asked for one by one, so that a list stays quick where everything fails at once. */
const CAUSES_MAX = 20;
const logPage = pageOf(logRow);

export interface EndpointState {
  readonly health: EndpointHealth | undefined;
  /** Its last attempt's failure; null where it does not fail, or was not asked for. */
  readonly cause: string | null;
}

/** By endpoint id. One that was made meanwhile has none. */
export async function readStates(api: ApiClient): Promise<ReadonlyMap<string, EndpointState>> {
  const all = await readAll(async (query) => {
    const { endpoints, next } = await api.ask({ ...HEALTH, query }, endpointHealthPage);
    return { data: endpoints, next };
  });
  const failing = all
    .filter((one) => endpointWord({ isActive: one.is_active }, healthIn(one)) === "failing")
    .slice(0, CAUSES_MAX);
  const causes = new Map(
    await Promise.all(failing.map(async ({ id }) => [id, await causeOf(api, id)] as const)),
  );
  return new Map(all.map((health) => [health.id, { health, cause: causes.get(health.id) ?? null }]));
}

/** Null also where it was removed since it was listed. */
async function causeOf(api: ApiClient, id: string): Promise<string | null> {
  try {
    const { data } = await api.ask({ path: ["webhooks", id, "logs"], query: { limit: 1 } }, logPage);
    return data[0]?.error_message ?? null;
  } catch (error) {
    if (error instanceof HookwaveError && error.code === "ENDPOINT_UNKNOWN") return null;
    throw error;
  }
}

export function endpointStateCell(
  webhook: Parameters<typeof stateText>[0],
  state: EndpointState,
  nowMs: number,
): Cell {
  const word = endpointWord({ isActive: webhook.is_active }, healthIn(state.health));
  return stateCell(word, stateText(webhook, state, nowMs));
}

/** `failing for 12 min (HTTP 503), breaker open, 40 wait`; a switched off one says why. */
export function stateText(
  {
    is_active: isActive,
    disabled_because: disabledBecause,
  }: Pick<ShownWebhook, "is_active" | "disabled_because">,
  { health, cause }: EndpointState,
  nowMs: number,
): string {
  return stateInWords({ isActive, disabledBecause }, healthIn(health), cause, nowMs).join(", ");
}

const healthIn = (health: EndpointHealth | undefined) =>
  health && { ...health, failingSince: health.failing_since };
