/** From the words of a command line to an exit code: reads them, runs the command, prints what it has to say. */
import { certify } from "./certify/certify.ts";
import { asksForJson, type Invocation, readCommandLine } from "./command-line.ts";
import {
  listDeadLetters,
  purgeDeadLetters,
  replayDeadLetters,
  showDeadLetter,
} from "./commands/dead-letters.ts";
import {
  addEndpoint,
  disableEndpoint,
  enableEndpoint,
  listEndpoints,
  removeEndpoint,
  rotateSecret,
} from "./commands/endpoints.ts";
import { help } from "./commands/help.ts";
import { createKey, listKeys, revokeKey } from "./commands/keys.ts";
import { publish } from "./commands/publish.ts";
import { start } from "./commands/start.ts";
import { status } from "./commands/status.ts";
import { demo } from "./demo/demo.ts";
import { exitCodeOf } from "./exit-codes.ts";
import { listen } from "./listen/listen.ts";
import { failureReport, type Report } from "./report.ts";
import type { Terminal } from "./terminal.ts";
import { verify } from "./verify/verify.ts";

type Command = (asked: Invocation, terminal: Terminal) => Promise<Report> | Report;

/** By the name it has in the grammar. */
export const RUNNERS: Readonly<Record<string, Command>> = {
  start,
  demo,
  publish,
  "endpoints add": addEndpoint,
  "endpoints list": listEndpoints,
  "endpoints remove": removeEndpoint,
  "endpoints enable": enableEndpoint,
  "endpoints disable": disableEndpoint,
  "endpoints rotate": rotateSecret,
  "dead-letters list": listDeadLetters,
  "dead-letters show": showDeadLetter,
  "dead-letters replay": replayDeadLetters,
  "dead-letters purge": purgeDeadLetters,
  "keys create": createKey,
  "keys list": listKeys,
  "keys revoke": revokeKey,
  status,
  listen,
  verify,
  certify,
  help,
};

/** Never rejects: a failure is printed to standard error and told by the code. */
export async function run(words: readonly string[], terminal: Terminal): Promise<number> {
  const asJson = asksForJson(words);
  try {
    const asked = readCommandLine(words);
    const runner = asked.has("version") ? help : (RUNNERS[asked.command.name] ?? help);
    const report = await runner(asked, terminal);
    print(report, asJson, terminal.write);
    return report.exitCode;
  } catch (error) {
    const failure = failureReport(error, exitCodeOf(error));
    print(failure, asJson, terminal.writeError);
    return failure.exitCode;
  }
}

function print({ text, json }: Report, asJson: boolean, write: (text: string) => void): void {
  if (asJson && json !== undefined) write(`${JSON.stringify(json)}\n`);
  else if (!asJson && text !== "") write(`${text}\n`);
}
