/**
 * From the words of a command line to an exit code: reads them, runs the command, prints what it has to say. It
 * loads a command when that is called, and nothing that only another command needs.
 */
import { type Invocation, readCommandLine } from "./command-line.ts";
import { failureReport, type Report } from "./report.ts";
import type { Terminal } from "./terminal.ts";

type Command = (asked: Invocation, terminal: Terminal) => Promise<Report> | Report;

/** By the name it has in the grammar. */
export const RUNNERS: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import("./commands/start.ts")).start,
  demo: async () => (await import("./demo/demo.ts")).demo,
  publish: async () => (await import("./commands/publish.ts")).publish,
  "endpoints add": async () => (await import("./commands/endpoints.ts")).addEndpoint,
  "endpoints list": async () => (await import("./commands/endpoints.ts")).listEndpoints,
  "endpoints remove": async () => (await import("./commands/endpoints.ts")).removeEndpoint,
  "endpoints enable": async () => (await import("./commands/endpoints.ts")).enableEndpoint,
  "endpoints disable": async () => (await import("./commands/endpoints.ts")).disableEndpoint,
  "endpoints rotate": async () => (await import("./commands/endpoints.ts")).rotateSecret,
  "dead-letters list": async () => (await import("./commands/dead-letters.ts")).listDeadLetters,
  "dead-letters show": async () => (await import("./commands/dead-letters.ts")).showDeadLetter,
  "dead-letters replay": async () => (await import("./commands/dead-letters.ts")).replayDeadLetters,
  "dead-letters purge": async () => (await import("./commands/dead-letters.ts")).purgeDeadLetters,
  "keys create": async () => (await import("./commands/keys.ts")).createKey,
  "keys list": async () => (await import("./commands/keys.ts")).listKeys,
  "keys revoke": async () => (await import("./commands/keys.ts")).revokeKey,
  status: async () => (await import("./commands/status.ts")).status,
  bridge: async () => (await import("./commands/bridge.ts")).bridge,
  "migration status": async () => (await import("./commands/migration.ts")).showMigration,
  "migration set": async () => (await import("./commands/migration.ts")).setMigration,
  "migration report": async () => (await import("./commands/migration.ts")).reportMigration,
  "migration watch": async () => (await import("./witness/watch.ts")).watchMigration,
  listen: async () => (await import("./listen/listen.ts")).listen,
  verify: async () => (await import("./verify/verify.ts")).verify,
  certify: async () => (await import("./certify/certify.ts")).certify,
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
    print(report, asJson, terminal.write);
    return report.exitCode;
  } catch (error) {
    const failure = failureReport(error);
    print(failure, asJson, terminal.writeError);
    return failure.exitCode;
  }
}

function print({ text, json }: Report, asJson: boolean, write: (text: string) => void): void {
  if (asJson && json !== undefined) write(`${JSON.stringify(json)}\n`);
  else if (!asJson && text !== "") write(`${text}\n`);
}
