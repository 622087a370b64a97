/**
 * One performance of a demo, whatever is played: opens the stage, lets the play run before the audience, says what came
 * out, and stays open where that was asked for. Ctrl-C ends it at any time, and nothing is left behind.
 */
import { system } from "../../config/system.ts";
import type { Standalone } from "../../process/standalone.ts";
import type { Invocation } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { ended, type Report } from "../report.ts";
import { createScreen, darkScreen, type Screen } from "../screen.ts";
import type { Style, Terminal } from "../terminal.ts";
import { listenForStop } from "../told-to-stop.ts";
import { type Check, seconds } from "./checks.ts";
import type { Ground } from "./ground.ts";
import { checkLines } from "./summary.ts";

export interface Stage extends Ground {
  readonly service: Standalone;
}

interface Programme<Set extends Stage, Evidence> {
  readonly open: () => Promise<Set>;
  readonly playbill: (stage: Set) => string;
  readonly play: (stage: Set) => Promise<Evidence>;
  readonly conclude: (evidence: Evidence) => Conclusion;
  /** Commands to try while everything stays open. */
  readonly invitation: (stage: Set) => string;
}

export interface Conclusion {
  readonly table: string;
  readonly checks: readonly Check[];
  /** The table, for programs. */
  readonly json: object;
}

export const screenFor = (asked: Invocation, terminal: Terminal): Screen =>
  asked.has("json") ? darkScreen : createScreen(terminal);

export async function perform<Set extends Stage, Evidence>(
  { open, playbill, play, conclude, invitation }: Programme<Set, Evidence>,
  asked: Invocation,
  screen: Screen,
  style: Style,
): Promise<Report> {
  const startedAt = system.monotonicMs();
  let stage: Set | undefined;
  const stop = listenForStop(() => stage?.service.abandon());
  try {
    stage = await open();
    screen.line(playbill(stage));
    const evidence = await Promise.race([play(stage), stop.asked]);
    if (evidence === undefined) return ended(EXIT.failure);
    const { text, ...rest } = verdictOn(conclude(evidence), system.monotonicMs() - startedAt, style);
    screen.line(text);
    if (asked.has("keep")) {
      screen.line(invitation(stage));
      await stop.asked;
    }
    return { ...rest, text: "" };
  } finally {
    screen.clear();
    await stage?.close();
    stop.ignore();
  }
}

function verdictOn({ table, checks, json }: Conclusion, tookMs: number, style: Style) {
  const isGood = checks.every(({ holds }) => holds);
  const verdict = isGood
    ? style("green", `everything came out as promised, in ${seconds([tookMs])}`)
    : style("red", "not everything came out as promised: see the lines marked NO");
  return {
    text: `\n${table}\n\n${checkLines(checks, style)}\n\n  ${verdict}`,
    json: { isGood, tookMs: Math.round(tookMs), ...json, checks },
    exitCode: isGood ? EXIT.ok : EXIT.failure,
  };
}
