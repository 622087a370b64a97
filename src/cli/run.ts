/**
 * From the words of a command line to an exit code: reads them, runs the command, prints what it has to say. It
 * loads a command when that is called, and nothing that only another command needs.
 */
import { type Invocation, readCommandLine } from "./command-line.ts";
import { failureReport, type Report } from "./report.ts";
import { layOut } from "./table.ts";
import type { Look, Terminal } from "./terminal.ts";

type Command = (asked: Invocation, terminal: Terminal) => Promise<Report> | Report;

/** By the name it has in the grammar. */
export const RUNNERS: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import("./commands/start.ts")).start,
  demo: async () => (await import("./demo/demo.ts")).demo,
  "redis-url": async () => (await import("./commands/redis-url.ts")).redisUrl,
  publish: async () => (await import("./commands/publish.ts")).publish,
  trigger: async () => (await import("./commands/events.ts")).triggerEvent,
  why: async () => (await import("./commands/why.ts")).why,
  status: async () => (await import("./commands/status.ts")).status,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
  tail: async () => (await import("./tail/tail.ts")).tail,
  "events list": async () => (await import("./commands/events.ts")).listEvents,
  "events show": async () => (await import("./commands/events.ts")).showEvent,
  "events replay": async () => (await import("./commands/events.ts")).replayEvent,
  "deliveries list": async () => (await import("./commands/deliveries.ts")).listDeliveries,
  "deliveries show": async () => (await import("./commands/deliveries.ts")).showDelivery,
  "deliveries retry": async () => (await import("./commands/deliveries.ts")).retryDelivery,
  "deliveries cancel": async () => (await import("./commands/deliveries.ts")).cancelDelivery,
  audit: async () => (await import("./commands/audit.ts")).listAudit,
  "endpoints add": async () => (await import("./commands/endpoints.ts")).addEndpoint,
  "endpoints list": async () => (await import("./commands/endpoints.ts")).listEndpoints,
  "endpoints show": async () => (await import("./commands/endpoints.ts")).showEndpoint,
  "endpoints set": async () => (await import("./commands/endpoints.ts")).setEndpoint,
  "endpoints test": async () => (await import("./commands/endpoint-history.ts")).testEndpoint,
  "endpoints logs": async () => (await import("./commands/endpoint-history.ts")).endpointLogs,
  "endpoints stats": async () => (await import("./commands/endpoint-history.ts")).endpointStats,
  "endpoints remove": async () => (await import("./commands/endpoints.ts")).removeEndpoint,
  "endpoints enable": async () => (await import("./commands/endpoints.ts")).enableEndpoint,
  "endpoints disable": async () => (await import("./commands/endpoints.ts")).disableEndpoint,
  "endpoints rotate": async () => (await import("./commands/endpoints.ts")).rotateSecret,
  "dead-letters list": async () => (await import("./commands/dead-letters.ts")).listDeadLetters,
  "dead-letters show": async () => (await import("./commands/dead-letters.ts")).showDeadLetter,
  "dead-letters replay": async () => (await import("./commands/dead-letters.ts")).replayDeadLetters,
  "dead-letters purge": async () => (await import("./commands/dead-letters.ts")).purgeDeadLetters,
  "replays list": async () => (await import("./commands/replays.ts")).listReplays,
  "replays show": async () => (await import("./commands/replays.ts")).showReplay,
  "replays pause": async () => (await import("./commands/replays.ts")).pauseReplay,
  "replays resume": async () => (await import("./commands/replays.ts")).resumeReplay,
  "replays cancel": async () => (await import("./commands/replays.ts")).cancelReplay,
  "sources add": async () => (await import("./commands/sources.ts")).addSource,
  "sources list": async () => (await import("./commands/sources.ts")).listSources,
  "sources show": async () => (await import("./commands/sources.ts")).showSource,
  "sources set": async () => (await import("./commands/sources.ts")).setSource,
  "sources remove": async () => (await import("./commands/sources.ts")).removeSource,
  "callbacks list": async () => (await import("./commands/callbacks.ts")).listCallbacks,
  "callbacks show": async () => (await import("./commands/callbacks.ts")).showCallback,
  "callbacks seen": async () => (await import("./commands/callbacks.ts")).markCallbacksSeen,
  "callbacks forward": async () => (await import("./commands/callbacks.ts")).forwardCallback,
  "keys create": async () => (await import("./commands/keys.ts")).createKey,
  "keys list": async () => (await import("./commands/keys.ts")).listKeys,
  "keys revoke": async () => (await import("./commands/keys.ts")).revokeKey,
  bridge: async () => (await import("./commands/bridge.ts")).bridge,
  "migration status": async () => (await import("./commands/migration.ts")).showMigration,
  "migration set": async () => (await import("./commands/migration.ts")).setMigration,
  "migration report": async () => (await import("./commands/migration.ts")).reportMigration,
  "migration watch": async () => (await import("./witness/watch.ts")).watchMigration,
  listen: async () => (await import("./listen/listen.ts")).listen,
  verify: async () => (await import("./verify/verify.ts")).verify,
  certify: async () => (await import("./certify/certify.ts")).certify,
  completion: async () => (await import("./commands/completion.ts")).completion,
  help: loadHelp,
};

async function loadHelp(): Promise<Command> {
  return (await import("./commands/help.ts")).help;
}

/** Never rejects: a failure is printed to standard error and told by the code. */
export async function run(words: readonly string[], terminal: Terminal): Promise<number> {
  // Also where the rest cannot be understood.
  const asJson = words.includes("--json");
  try {
    const asked = readCommandLine(words);
    const load = asked.has("version") ? loadHelp : (RUNNERS[asked.command] ?? loadHelp);
    const command = await load();
    const report = await command(asked, terminal);
    print(report, asJson, terminal.write, terminal);
    return report.exitCode;
  } catch (error) {
    const failure = failureReport(error);
    print(failure, asJson, terminal.writeError, terminal.errors);
    return failure.exitCode;
  }
}

function print({ text, json }: Report, asJson: boolean, write: (text: string) => void, look: Look): void {
  if (asJson && json !== undefined) write(`${JSON.stringify(json)}\n`);
  else if (!asJson && text !== "") write(`${layOut(text, look)}\n`);
}
