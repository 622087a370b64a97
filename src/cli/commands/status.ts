/** `hookwave status`: the three states a person can count, and how long the first in line of each has been there. */
import { serviceStatus } from "../../api/routes/health.ts";
import type { Invocation } from "../command-line.ts";
import { type Report, report } from "../report.ts";
import { alignRows, roughSpan } from "../rows.ts";
import { withApi } from "../service-access.ts";

const STATES = [
  ["new", "new"],
  ["retrying", "trying again"],
  ["dead", "given up"],
] as const;

export async function status(asked: Invocation): Promise<Report> {
  const queueCounts = await withApi(asked, (api) => api.ask({ path: "/status" }, serviceStatus));
  const readings = STATES.map(([state, words]) => {
    const { depth, oldest_age_ms: oldestAgeMs } = queueCounts[state];
    return { state, words, reading: { depth, oldestAgeMs } };
  });
  const rows = readings.map(({ words, reading: { depth, oldestAgeMs } }) => [
    words,
    String(depth),
    depth === 0 ? "–" : roughSpan(oldestAgeMs),
  ]);
  const json = Object.fromEntries(readings.map(({ state, reading }) => [state, reading]));
  return report(alignRows([["", "COUNT", "OLDEST"], ...rows], [1, 2]), json);
}
