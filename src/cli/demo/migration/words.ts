/** The narrator's words for the migration: before, at each switch, of its figures, and after it. */
import type { Happening } from "../../../core/happening.ts";
import { alignRows } from "../../rows.ts";
import type { Style } from "../../terminal.ts";
import { commandPrefix, consoleUrl } from "../narration.ts";
import { ACTS, type Act, commandOf } from "./acts.ts";
import type { Tempo } from "./play.ts";
import type { MigrationStage } from "./stage.ts";
import { arrivalsAt, type Row, type Sent } from "./tally.ts";

export function playbillOf(
  { service, consumer, receiver, dataDir }: MigrationStage,
  tempo: Tempo,
  style: Style,
): string {
  const rows = [
    ["consumer", `list ${consumer.list}`, "pops the list, hears the channel, as today"],
    ["receiver", receiver.url, receiver.role.doc],
    ["service", service.apiUrl ?? "", "two workers, one Redis"],
  ].map(([name = "", place = "", doc = ""]) => [name, place, style("dim", doc)]);
  return `
  ${style("bold", "Hookwave demo: from Redis pub/sub to webhooks")}, and back, and forth

${alignRows(rows)}
  ${style("dim", `everything is kept in ${dataDir}, and gone afterwards`)}

  ${tempo.eventsPerSecond} events of model.registered a second, without a pause; ${ACTS.length} acts of ${tempo.actMs / 1_000} s`;
}

export function beginningOf(act: Act, style: Style): string {
  const command = act.reason === null ? "ENABLE_REDIS_FALLBACK=true hookwave start" : commandOf(act);
  return `
  ${style("bold", act.phase)}: ${act.doc}
     ${style("cyan", `$ ${command}`)}`;
}

export const obeyedLine = (tookMs: number, style: Style): string =>
  `     ${style("dim", `both workers obeyed after ${Math.round(tookMs)} ms; nothing was restarted`)}`;

/** Of one act, as it stands now. */
export function figuresOf(
  act: number,
  sent: readonly Sent[],
  { consumer, receiver }: MigrationStage,
): string {
  const ids = new Set(sent.filter((one) => one.act === act).map(({ id }) => id));
  const { list, channel, webhook } = arrivalsAt(consumer, receiver);
  const had = (way: ReadonlyMap<string, number>): number =>
    way.keys().reduce((sum, id) => sum + (ids.has(id) ? 1 : 0), 0);
  return `${ids.size} published → list ${had(list)}, channel ${had(channel)}, webhook ${had(webhook)}`;
}

/** Null for what the audience need not see. */
export function troubleLine(happening: Happening, style: Style): string | null {
  if (happening.kind !== "service.failed") return null;
  return style("red", `  ${happening.doing} failed: ${happening.error.message}`);
}

const COLUMNS = [
  ["PUBLISHED", "published"],
  ["LIST", "onList"],
  ["CHANNEL", "onChannel"],
  ["WEBHOOK", "byWebhook"],
  ["MISSING", "missing"],
  ["REPEATED", "repeated"],
] as const;

export function phaseTable(rows: readonly Row[], style: Style): string {
  const head = ["PHASE", ...COLUMNS.map(([title]) => title)].map((title) => style("dim", title));
  const cells = rows.map((row) => [row.act, ...COLUMNS.map(([, field]) => String(row[field]))]);
  const table = alignRows(
    [head, ...cells],
    COLUMNS.map((_, index) => index + 1),
  );
  const remark = "while switching: published before the switch and not there yet, or before all had obeyed";
  return `${table}\n\n  ${style("dim", remark)}`;
}

export function migrationInvitation({ service, dataDir }: MigrationStage, style: Style): string {
  const at = `--redis ${service.redisUrl}`;
  return `
  ${style("bold", "Still running")} until Ctrl-C, with its logs in ${dataDir}. The console has a page for the switch:

    ${style("bold", `${consoleUrl(service.apiUrl)}/migration`)}

  And from another terminal:

    ${commandPrefix} migration status ${at}
    ${commandPrefix} migration set redis --for 1m --reason "just to see" ${at}
    ${commandPrefix} publish model.registered '{"model_id":"my-model"}' ${at}
    ${commandPrefix} migration report --since 1h ${at}
`;
}
