/**
 * `hookwave demo`: opens the theatre, lets the play run before the audience, and says at the end whether all
 * came out as promised; the exit code says the same.
 */
import { system } from "../../config/system.ts";
import type { Happening } from "../../core/happening.ts";
import type { Invocation } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { ended, type Report } from "../report.ts";
import { createScreen, darkScreen } from "../screen.ts";
import type { Style, Terminal } from "../terminal.ts";
import { listenForStop } from "../told-to-stop.ts";
import { checkPromises, type Evidence, seconds } from "./checks.ts";
import { invitation, lineFor, playbill } from "./narration.ts";
import { isEnd, play } from "./play.ts";
import type { DemoReceiver } from "./receiver.ts";
import { checkLines, summaryOf, summaryTable } from "./summary.ts";
import { openTheatre, type Theatre } from "./theatre.ts";

export async function demo(asked: Invocation, { style, ...terminal }: Terminal): Promise<Report> {
  const screen = asked.has("json") ? darkScreen : createScreen({ ...terminal, style });
  const receivers: DemoReceiver[] = [];
  const startedAt = system.monotonicMs();
  const elapsedMs = (): number => system.monotonicMs() - startedAt;
  let settled = 0;
  const tell = (happening: Happening): void => {
    if (isEnd(happening)) settled += 1;
    const text = lineFor(happening, elapsedMs(), receivers, style);
    if (text !== null) screen.line(text);
  };
  let theatre: Theatre | undefined;
  const stop = listenForStop(() => theatre?.service.abandon());
  try {
    theatre = await openTheatre(asked.has("fast"), tell);
    receivers.push(...theatre.receivers);
    screen.line(playbill(theatre, style));
    const evidence = await Promise.race([play(theatre, () => settled, screen), stop.asked]);
    if (evidence === undefined) return ended(EXIT.failure);
    const report = conclude(evidence, elapsedMs(), style);
    screen.line(report.text);
    if (asked.has("keep")) {
      screen.line(invitation(theatre, style));
      await stop.asked;
    }
    return { ...report, text: "" };
  } finally {
    screen.clear();
    await theatre?.close();
    stop.ignore();
  }
}

function conclude(evidence: Evidence, tookMs: number, style: Style): Report {
  const checks = checkPromises(evidence);
  const isGood = checks.every(({ holds }) => holds);
  const rows = evidence.receivers.map((receiver) =>
    summaryOf(receiver, receiver.role.name === "broken" ? evidence.letters.length : 0),
  );
  const verdict = isGood
    ? style("green", `everything came out as promised, in ${seconds([tookMs])}`)
    : style("red", "not everything came out as promised: see the lines marked NO");
  const text = `\n${summaryTable(rows, style)}\n\n${checkLines(checks, style)}\n\n  ${verdict}`;
  const json = { isGood, tookMs: Math.round(tookMs), receivers: rows, checks };
  return { text, json, exitCode: isGood ? EXIT.ok : EXIT.failure };
}
