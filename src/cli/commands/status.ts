/** `hookwave status`: the three states a person can count, and how long the first in line of each has been there. */

import { serviceStatus } from "../../api/routes/health.ts";
import { roughSpan } from "../../core/duration.ts";
import type { Invocation } from "../command-line.ts";
import { type Report, report } from "../report.ts";
import { askApi } from "../service-access.ts";

const STATES = [
  ["new", "new"],
  ["retrying", "trying again"],
  ["dead", "given up"],
] as const;

export async function status(asked: Invocation): Promise<Report> {
  const queueCounts = await askApi(asked, { path: ["status"] }, serviceStatus);
  const rows = STATES.map(([state, words]) => {
    const { depth, oldest_age_ms: oldestAgeMs } = queueCounts[state];
    return [words, String(depth), depth === 0 ? "–" : roughSpan(oldestAgeMs)];
  });
  return report([{ head: ["", "COUNT", "OLDEST"], rows, rightAligned: [1, 2] }], queueCounts);
}
