/** Follows a replay to its end, showing how far it is, and says what came of it. The service runs it; this only looks. */
import { setTimeout as pause } from "node:timers/promises";
import { type ShownReplay, shownReplay } from "../api/routes/replays.ts";
import type { ApiClient } from "./api-client.ts";
import type { Invocation } from "./command-line.ts";
import { EXIT } from "./exit-codes.ts";
import { replayInWords } from "./replay-words.ts";
import type { Report } from "./report.ts";
import { createScreen, darkScreen } from "./screen.ts";
import type { Terminal } from "./terminal.ts";

const PROGRESS_EVERY_MS = 200;

/** Resolves with it when it is over. */
export async function followReplay(
  api: ApiClient,
  id: string,
  asked: Invocation,
  terminal: Terminal,
): Promise<ShownReplay> {
  const screen = asked.has("json") ? darkScreen : createScreen({ ...terminal, write: terminal.writeError });
  // It goes on without this command: `hookwave replays` steers it.
  screen.line(`replay ${id}`);
  for (;;) {
    const replay = await api.ask({ path: ["replays", id] }, shownReplay);
    screen.progress(partDone(replay), `${replayInWords(replay)} of ${replay.total}`);
    if (replay.finished_at === null) await pause(PROGRESS_EVERY_MS);
    else {
      screen.clear();
      return replay;
    }
  }
}

export function replayReport(replay: ShownReplay): Report {
  const text = [
    replayInWords(replay),
    ...replay.failures.map(({ id, problem }) => `failed ${id}: ${problem}`),
  ];
  const isAllDone = replay.state === "done" && replay.failed === 0;
  return { text: text.join("\n"), json: replay, exitCode: isAllDone ? EXIT.ok : EXIT.failure };
}

const partDone = ({ replayed, skipped, failed, total }: ShownReplay): number =>
  total === 0 ? 1 : (replayed + skipped + failed) / total;
