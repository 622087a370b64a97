/** `hookwave endpoints logs|stats|test`: what was tried of one receiver, how it has done, and trying it now. */
import { endpointTest, type TestInJson } from "../../api/routes/test-and-explain.ts";
import { pageOf } from "../../api/routing.ts";
import { LOG_STATUSES, type LogRow, logRow, shownStatistics } from "../../api/webhook-log-fields.ts";
import type { Invocation } from "../command-line.ts";
import { said } from "../delivery-rows.ts";
import { EXIT } from "../exit-codes.ts";
import { readData } from "../input.ts";
import { moreWith, placeAsked, readUpTo } from "../pages.ts";
import { type Report, report } from "../report.ts";
import { askApi, withApi } from "../service-access.ts";
import { stateCell } from "../state-hues.ts";
import type { Table } from "../table.ts";
import { choice, isoAsked, readOption, TYPES } from "../values.ts";

const PATH = "webhooks";
const logPage = pageOf(logRow);

export async function endpointLogs(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const place = placeAsked(asked);
  const filter = {
    status: choice(asked, "status", LOG_STATUSES),
    event: readOption(asked, "type", TYPES),
    since: isoAsked(asked, "since"),
    until: isoAsked(asked, "until"),
  };
  const listed = await withApi(asked, (api) =>
    readUpTo((one) => api.ask({ path: [PATH, id, "logs"], query: { ...filter, ...one } }, logPage), place),
  );
  return report([logTable(listed.data), ...moreWith(listed.next)], listed);
}

function logTable(rows: readonly LogRow[]): string | Table {
  if (rows.length === 0) return "no attempts";
  const lines = rows.map((row) => [
    row.created_at,
    row.event_id,
    row.event,
    String(row.attempt_count),
    `${Math.round(row.duration_ms)} ms`,
    stateCell(row.status),
    row.error_message ?? `HTTP ${row.response_status}`,
    said(row.response_excerpt),
  ]);
  const head = ["STARTED AT", "EVENT", "TYPE", "ATTEMPT", "TOOK", "STATUS", "ANSWER", "SAID"];
  return { head, rows: lines, rightAligned: [3, 4] };
}

export async function endpointStats(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const stats = await askApi(asked, { path: [PATH, id, "stats"] }, shownStatistics);
  const all = [
    ["deliveries", String(stats.total_deliveries)],
    ["delivered", String(stats.successful_deliveries)],
    ["given up", String(stats.failed_deliveries)],
    ["wait", String(stats.pending_deliveries)],
    ["success", `${(stats.success_rate * 100).toFixed(1)} %`],
    ["p50, p99", `${milliseconds(stats.p50_ms)}, ${milliseconds(stats.p99_ms)}`],
  ];
  const active = stats.hours.filter(({ attempts, given_up: givenUp }) => attempts + givenUp > 0);
  const hours = active.map((hour) => [
    hour.starts_at,
    String(hour.attempts),
    String(hour.delivered),
    String(hour.given_up),
    milliseconds(hour.p50_ms),
    milliseconds(hour.p99_ms),
  ]);
  const head = ["HOUR", "ATTEMPTS", "DELIVERED", "GIVEN UP", "P50", "P99"];
  const day = hours.length === 0 ? [] : ["", { head, rows: hours, rightAligned: [1, 2, 3, 4, 5] }];
  return report([{ rows: all }, ...day], stats);
}

const milliseconds = (value: number | null): string => (value === null ? "–" : `${Math.round(value)} ms`);

/** Ends with 1 where the receiver did not take it. */
export async function testEndpoint(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const source = asked.one("data");
  const members = [
    ...(asked.has("type") ? [`"type":${JSON.stringify(asked.one("type"))}`] : []),
    ...(source === undefined ? [] : [`"data":${await readData(source)}`]),
  ];
  const request = { method: "POST", path: [PATH, id, "test"], body: `{${members.join(",")}}` } as const;
  const test = await askApi(asked, request, endpointTest, true);
  const exitCode = test.outcome === "delivered" ? EXIT.ok : EXIT.failure;
  return { text: [testTable(test)], json: test, exitCode };
}

function testTable({ event, response, timings, outcome, reason, detail, hints }: TestInJson): Table {
  const parts = [
    ["DNS", timings.dns_ms],
    ["connect", timings.connect_ms],
    ["TLS", timings.tls_ms],
    ["first byte", timings.first_byte_ms],
  ] as const;
  const spent = parts.flatMap(([name, ms]) => (ms === null ? [] : [`${name} ${milliseconds(ms)}`]));
  const rows = [
    ["outcome", stateCell(outcome, reason === null ? outcome : `${outcome}: ${reason}`)],
    ...(detail === null ? [] : [["detail", detail]]),
    ["event", `${event.type} ${event.id}`],
    ["took", `${milliseconds(timings.total_ms)}${spent.length === 0 ? "" : ` (${spent.join(", ")})`}`],
    ...(response === null
      ? []
      : [["answer", `HTTP ${response.status} ${said(response.body_excerpt)}`.trimEnd()]]),
    ...hints.map((hint) => ["hint", hint]),
  ];
  return { rows };
}
