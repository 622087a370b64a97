/** `hookwave migration …`: how the migration stands, the switch between its phases, and the evidence for the next step. */
import { type ShownReport, shownMigration, shownReport } from "../../api/migration-fields.ts";
import { shares, wholeNumber } from "../../config/forms.ts";
import { nearest } from "../../config/nearest.ts";
import { system } from "../../config/system.ts";
import { BACKLOG_CHOICES, PHASES, type Phase } from "../../core/migration.ts";
import { type Invocation, usage } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { migrationText } from "../migration-text.ts";
import { type Report, report } from "../report.ts";
import { askApi } from "../service-access.ts";
import { stateCell } from "../state-hues.ts";
import type { Shown } from "../table.ts";
import { choice, DURATION, readOption } from "../values.ts";

const PATH = ["migration"];
const COUNT = wholeNumber(0, 999_999_999);
const MISSING_SHOWN = 20;

export async function showMigration(asked: Invocation): Promise<Report> {
  const shown = await askApi(asked, { path: PATH }, shownMigration);
  return report(migrationText(shown, system.now()), shown);
}

export async function setMigration(asked: Invocation): Promise<Report> {
  const body = JSON.stringify({
    phase: phaseOf(asked.operands[0] ?? ""),
    for: durationText(asked, "for"),
    reason: asked.one("reason"),
    backlog: choice(asked, "backlog", BACKLOG_CHOICES),
    percent: readOption(asked, "percent", shares()),
  });
  const shown = await askApi(asked, { method: "PUT", path: PATH, body }, shownMigration);
  return report(migrationText(shown, system.now()), shown);
}

export async function reportMigration(asked: Invocation): Promise<Report> {
  const query = {
    since: durationText(asked, "since"),
    min_events: readOption(asked, "min-events", COUNT),
    listeners: readOption(asked, "listeners", COUNT),
    p99: durationText(asked, "p99"),
  };
  const shown = await askApi(asked, { path: [...PATH, "report"], query }, shownReport);
  const exitCode = shown.verdict === "safe" ? EXIT.ok : EXIT.unsafe;
  return { text: reportText(shown), json: shown, exitCode };
}

function phaseOf(text: string): Phase {
  const phase = PHASES.find((name) => name === text);
  if (phase !== undefined) return phase;
  throw usage(`migration set with one of ${PHASES.join(", ")}`, JSON.stringify(text), nearest(text, PHASES));
}

/** As it was written, once it is known to be one: its bounds are for the API to say. */
function durationText(asked: Invocation, option: string): string | undefined {
  readOption(asked, option, DURATION);
  return asked.one(option);
}

function reportText(shown: ShownReport): Shown {
  const { verdict, because, missing } = shown;
  const rows = [
    ["phase", shown.phase],
    ["since", shown.since],
    ["taken on", counted(shown.dispatched, shown.bus_only, "by the bus alone, outside the share")],
    ["on the bus", String(shown.on_bus)],
    ["delivered", String(shown.delivered)],
    ["pending", String(shown.pending)],
    ["missing", counted(missing.length, shown.buried, "buried")],
    ["bus", latencyText(shown.bus_latency)],
    ["webhook", latencyText(shown.webhook_latency)],
    ["listeners", String(shown.listeners ?? "unknown")],
  ];
  const lines = missing
    .slice(0, MISSING_SHOWN)
    .map((one) => [one.event_id, one.side, one.state, one.accepted_at]);
  const head = ["MISSING", "FROM", "STATE", "ACCEPTED AT"];
  const list = lines.length === 0 ? [] : ["", { head, rows: lines }];
  const rest = missing.length - lines.length;
  return [
    stateCell(verdict),
    ...because.map((doubt) => `  - ${doubt}`),
    "",
    { rows },
    ...list,
    ...(rest === 0 ? [] : ["", `and ${rest} more: --json shows them`]),
  ];
}

const counted = (count: number, some: number, what: string): string =>
  some === 0 ? String(count) : `${count}, of which ${some} ${what}`;

const latencyText = ({ p50_ms: p50, p99_ms: p99 }: ShownReport["bus_latency"]): string =>
  p50 === null ? "–" : `half within ${p50} ms, 99 % within ${p99} ms`;
