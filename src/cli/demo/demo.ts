/**
 * `hookwave demo`: three receivers, real retries, a dead letter and its replay. It says at the end whether all came out
 * as promised; the exit code says the same. With `--migration` another play is given.
 */
import { system } from "../../config/system.ts";
import type { Happening } from "../../core/happening.ts";
import type { Invocation } from "../command-line.ts";
import type { Report } from "../report.ts";
import type { Terminal } from "../terminal.ts";
import { checkPromises, type Evidence } from "./checks.ts";
import { rehearseMigration } from "./migration/rehearsal.ts";
import { invitation, lineFor, playbill } from "./narration.ts";
import { type Conclusion, perform, screenFor } from "./perform.ts";
import { isEnd, play } from "./play.ts";
import type { DemoReceiver } from "./receiver.ts";
import { summaryOf, summaryTable } from "./summary.ts";
import { openTheatre, type Theatre } from "./theatre.ts";

export async function demo(asked: Invocation, terminal: Terminal): Promise<Report> {
  if (asked.has("migration")) return await rehearseMigration(asked, terminal);
  const { style } = terminal;
  const screen = screenFor(asked, terminal);
  const receivers: DemoReceiver[] = [];
  let publishedAt = 0;
  let settled = 0;
  const tell = (happening: Happening): void => {
    if (isEnd(happening)) settled += 1;
    const text = lineFor(happening, system.monotonicMs() - publishedAt, receivers, style);
    if (text !== null) screen.line(text);
  };
  const open = async (): Promise<Theatre> => {
    const theatre = await openTheatre(asked.has("fast"), tell);
    receivers.push(...theatre.receivers);
    return theatre;
  };
  const programme = {
    open,
    playbill: (theatre: Theatre) => playbill(theatre, style),
    // It begins with the publish, from which the audience counts the waits.
    play: (theatre: Theatre) => {
      publishedAt = system.monotonicMs();
      return play(theatre, () => settled, screen);
    },
    conclude: (evidence: Evidence): Conclusion => {
      const rows = evidence.receivers.map((receiver) =>
        summaryOf(receiver, receiver.role.name === "broken" ? evidence.letters.length : 0),
      );
      const checks = checkPromises(evidence);
      return { table: summaryTable(rows, style), checks, json: { receivers: rows } };
    },
    invitation: (theatre: Theatre) => invitation(theatre, style),
  };
  return await perform(programme, asked, screen, style);
}
