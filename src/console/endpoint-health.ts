/** The health of webhooks, and why the failing ones fail. Asked for in pages, and never for more than is bounded. */
import type { EndpointHealth, EndpointHealthPage } from "../api/routes/health.ts";
import type { ShownWebhook } from "../api/webhook-fields.ts";
import type { LogRow } from "../api/webhook-log-fields.ts";
import { endpointWord, stateInWords } from "../core/endpoint-state.ts";
import type { Page } from "../core/page.ts";
import { ask, Problem } from "./api.ts";
import { now } from "./clock.ts";
import { api, service, withQuery } from "./places.ts";

export interface WebhookState {
  readonly health: EndpointHealth;
  /** Its last attempt's failure; null where it does not fail, or was not asked for. */
  readonly cause: string | null;
}

export type WebhookStates = ReadonlyMap<string, WebhookState>;

type Life = Pick<ShownWebhook, "id" | "is_active" | "disabled_because">;

const PAGE_ROWS = 100;
/** Of health, oldest webhook first: a state further down is not looked for. */
const PAGES_MAX = 20;
/** Asked for one by one, so that a list stays quick where everything fails at once. */
const CAUSES_MAX = 20;

/** By id; one that was made meanwhile is not in it. Throws a Problem. */
export async function readStates(webhooks: readonly Life[], signal: AbortSignal): Promise<WebhookStates> {
  const found = await readHealth(new Set(webhooks.map(({ id }) => id)), signal);
  const failing = found.filter((one) => wordOf(one, one) === "failing").slice(0, CAUSES_MAX);
  const causes = new Map(
    await Promise.all(failing.map(async ({ id }) => [id, await causeOf(id, signal)] as const)),
  );
  return new Map(found.map((health) => [health.id, { health, cause: causes.get(health.id) ?? null }]));
}

async function readHealth(
  wanted: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly EndpointHealth[]> {
  const found: EndpointHealth[] = [];
  let after: string | null = null;
  for (let pages = 0; pages < PAGES_MAX && found.length < wanted.size; pages += 1) {
    const url: string = withQuery(service("health", "webhooks"), { after, limit: PAGE_ROWS });
    const { endpoints, next }: EndpointHealthPage = await ask<EndpointHealthPage>(url, { signal });
    found.push(...endpoints.filter(({ id }) => wanted.has(id)));
    if (next === null) break;
    after = next;
  }
  return found;
}

/** Null also where it was removed since it was listed. */
async function causeOf(id: string, signal: AbortSignal): Promise<string | null> {
  try {
    const url = withQuery(api("webhooks", id, "logs"), { limit: 1 });
    const { data } = await ask<Page<LogRow>>(url, { signal });
    return data[0]?.error_message ?? null;
  } catch (error) {
    if (error instanceof Problem && error.code === "ENDPOINT_UNKNOWN") return null;
    throw error;
  }
}

/** `active`, `failing` or `disabled`. */
export const wordOf = (
  { is_active: isActive }: Pick<Life, "is_active">,
  health: EndpointHealth | undefined,
) => endpointWord({ isActive }, healthIn(health));

/** As `hookwave endpoints list` says it. */
export const wordsFor = (life: Omit<Life, "id">, state: WebhookState | undefined) =>
  stateInWords(
    { isActive: life.is_active, disabledBecause: life.disabled_because },
    healthIn(state?.health),
    state?.cause ?? null,
    now(),
  );

const healthIn = (health: EndpointHealth | undefined) =>
  health && { ...health, failingSince: health.failing_since };
