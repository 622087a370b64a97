/** Health of the endpoints, page after page, up to as many as one look may cost. */
import type { EndpointHealth, EndpointHealthPage } from "../../api/routes/health.ts";
import { ask } from "../api.ts";
import { service, withQuery } from "../places.ts";

const HEALTH_PAGES = 10;
const HEALTH_ROWS = 100;

export interface KnownHealth {
  readonly endpoints: readonly EndpointHealth[];
  /** False where there are more endpoints than were asked about. */
  readonly isAll: boolean;
}

export async function readHealth(signal: AbortSignal): Promise<KnownHealth> {
  const endpoints: EndpointHealth[] = [];
  let after: string | null = null;
  for (let pages = 0; pages < HEALTH_PAGES; pages += 1) {
    const url: string = withQuery(service("health", "webhooks"), { limit: HEALTH_ROWS, after });
    const read: EndpointHealthPage = await ask<EndpointHealthPage>(url, { signal });
    endpoints.push(...read.endpoints);
    after = read.next;
    if (after === null) break;
  }
  return { endpoints, isAll: after === null };
}
