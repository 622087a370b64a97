/**
 * `hookwave demo --migration`: a consumer of the bus and a receiver of webhooks side by side, under load, while the phase
 * is switched from `dual` to `webhook`, back to `redis` and to `dual` again.
 */
import type { Happening } from "../../../core/happening.ts";
import type { Invocation } from "../../command-line.ts";
import type { Report } from "../../report.ts";
import type { Terminal } from "../../terminal.ts";
import { type Conclusion, perform, screenFor } from "../perform.ts";
import { type Narrator, playMigration, type Tempo } from "./play.ts";
import { checkPhases, type Evidence } from "./promises.ts";
import { type MigrationStage, openMigrationStage } from "./stage.ts";
import { rowsOf } from "./tally.ts";
import {
  beginningOf,
  figuresOf,
  migrationInvitation,
  obeyedLine,
  phaseTable,
  playbillOf,
  troubleLine,
} from "./words.ts";

const USUAL: Tempo = { actMs: 9_000, eventsPerSecond: 100 };
const FAST: Tempo = { actMs: 1_500, eventsPerSecond: 100 };

export async function rehearseMigration(asked: Invocation, terminal: Terminal): Promise<Report> {
  const { style } = terminal;
  const tempo = asked.has("fast") ? FAST : USUAL;
  const screen = screenFor(asked, terminal);
  const tell = (happening: Happening): void => {
    const text = troubleLine(happening, style);
    if (text !== null) screen.line(text);
  };
  const narrator: Narrator = {
    begins: (act) => screen.line(beginningOf(act, style)),
    obeyed: (tookMs) => screen.line(obeyedLine(tookMs, style)),
    figures: figuresOf,
  };
  const programme = {
    open: () => openMigrationStage(tell),
    playbill: (stage: MigrationStage) => playbillOf(stage, tempo, style),
    play: (stage: MigrationStage) => playMigration(stage, tempo, narrator, screen),
    conclude: (evidence: Evidence): Conclusion => {
      const rows = rowsOf(evidence.sent, evidence.arrivals);
      const obeyedInMs = evidence.obeyedInMs.map(Math.round);
      return {
        table: phaseTable(rows, style),
        checks: checkPhases(evidence),
        json: { phases: rows, obeyedInMs },
      };
    },
    invitation: (stage: MigrationStage) => migrationInvitation(stage, style),
  };
  return await perform(programme, asked, screen, style);
}
