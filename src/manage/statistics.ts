/** Management of statistics: how the whole fleet has done, minute by minute, or one endpoint, hour by hour. Of the last day. */
import type { StatisticsPoint } from "../core/statistics.ts";
import type { ReadMinutes } from "../store/minute-counts.ts";
import type { EndpointManagement } from "./endpoints.ts";

interface StatisticsRequest {
  /** Epoch ms; an hour before `until` when absent, a day for one endpoint. */
  readonly since?: number | undefined;
  /** Epoch ms; now when absent. */
  readonly until?: number | undefined;
  readonly endpoint?: string | undefined;
}

interface StatisticsSpan {
  readonly resolution: "minute" | "hour";
  /** Oldest first; the last one may not be over. */
  readonly points: readonly StatisticsPoint[];
}

/** Throws ENDPOINT_UNKNOWN. */
export type ReadSpan = (request: StatisticsRequest) => Promise<StatisticsSpan>;

interface StatisticsDeps {
  readonly readMinutes: ReadMinutes;
  readonly endpoints: Pick<EndpointManagement, "statistics">;
  readonly now: () => number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export function createReadSpan({ readMinutes, endpoints, now }: StatisticsDeps): ReadSpan {
  const ofEndpoint = async (id: string, since: number, until: number): Promise<StatisticsSpan> => {
    const { hours } = await endpoints.statistics(id);
    const within = hours.filter(({ startsAt }) => {
      const at = Date.parse(startsAt);
      return at + HOUR_MS > since && at < until;
    });
    const points = within.map(({ startsAt, attempts, delivered, failed, buried }) => ({
      ...{ at: startsAt, attempts, delivered, failed, buried },
      ...{ retried: null, firstAttemptP95Ms: null },
    }));
    return { resolution: "hour", points };
  };
  return async ({ since, until, endpoint }) => {
    const end = Math.min(until ?? Number.POSITIVE_INFINITY, now());
    // Nothing older is kept.
    const oldest = now() - DAY_MS + MINUTE_MS;
    if (endpoint !== undefined) return await ofEndpoint(endpoint, since ?? 0, end);
    const points = await readMinutes(Math.max(since ?? end - HOUR_MS + MINUTE_MS, oldest), end);
    return { resolution: "minute", points };
  };
}
