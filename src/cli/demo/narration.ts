/** The narrator's lines: before, during and after the play. */
import type { Happening } from "../../core/happening.ts";
import { shownRedisUrl } from "../../core/redis-url.ts";
import { alignRows } from "../rows.ts";
import type { Style } from "../terminal.ts";
import { attemptHead, attemptLine } from "./attempt-line.ts";
import { DELIVERIES, PROGRAMME } from "./cast.ts";
import { plannedSeconds } from "./checks.ts";
import type { DemoReceiver } from "./receiver.ts";
import type { Theatre } from "./theatre.ts";

export function playbill({ service, receivers, schedule, dataDir }: Theatre, style: Style): string {
  const rows = [
    ["Redis", shownRedisUrl(service.redisUrl), "embedded, with append-only file"],
    ["API", service.apiUrl ?? "", "events, health and metrics"],
    ...receivers.map(({ role, url }) => [role.name, url, role.doc]),
  ].map(([name = "", url = "", doc = ""]) => [name, url, style("dim", doc)]);
  return `
  ${style("bold", "Hookwave demo")}: tried at once, then again after ${plannedSeconds(schedule)}

${alignRows(rows)}
  ${style("dim", `everything is kept in ${dataDir}, and gone afterwards`)}

  publishing ${PROGRAMME.length} events: ${DELIVERIES} deliveries to come

${attemptHead(style)}`;
}

/** Null for what the audience need not see. */
export function lineFor(
  happening: Happening,
  atMs: number,
  receivers: readonly DemoReceiver[],
  style: Style,
): string | null {
  switch (happening.kind) {
    case "attempt.finished": {
      const { record } = happening;
      const receiver = receivers.find(({ role }) => role.name === record.endpointId);
      const note = receiver?.notes.findLast(({ webhookId }) => webhookId === record.eventId);
      return attemptLine(record, atMs, note?.isVerified ?? false, style);
    }
    case "breaker.changed":
      return style(
        "yellow",
        `  the breaker of ${happening.endpointId ?? happening.origin} is ${happening.state}`,
      );
    case "service.failed":
      return style("red", `  ${happening.doing} failed: ${happening.error.message}`);
    default:
      return null;
  }
}

/** From a clone there is no `hookwave` to run but the one npm knows. */
export const commandPrefix = import.meta.url.endsWith(".ts")
  ? "npm run --silent hookwave --"
  : "npx hookwave";

/** The page of a service that listens there. */
export const consoleUrl = (apiUrl: string | null): string => `${apiUrl ?? ""}/console`;

export function invitation({ service, dataDir }: Theatre, style: Style): string {
  const { redisUrl, apiUrl } = service;
  return `
  ${style("bold", "Still running")} until Ctrl-C, with its log in ${dataDir}/hookwave.log. Everything can be seen in the console:

    ${style("bold", consoleUrl(apiUrl))}

  And from another terminal:

    ${commandPrefix} publish model.registered '{"model_id":"my-model"}' --redis ${redisUrl}
    ${commandPrefix} status --redis ${redisUrl}
    curl ${apiUrl ?? ""}/health/webhooks
`;
}
