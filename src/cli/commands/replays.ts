/** `hookwave replays …`: looks at a replay of many dead letters, and steers it. */
import { shownReplay } from "../../api/routes/replays.ts";
import type { ReplayOrder } from "../../core/replay.ts";
import type { Invocation } from "../command-line.ts";
import { replayInWords } from "../replay-words.ts";
import { type Report, report } from "../report.ts";
import { askApi } from "../service-access.ts";
import { stateCell } from "../state-hues.ts";

const PATH = "replays";

export async function showReplay(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const replay = await askApi(asked, { path: [PATH, id] }, shownReplay);
  const { finished_at: finishedAt, to_endpoint_id: to } = replay;
  const rows = [
    ["id", replay.id],
    ["state", stateCell(replay.state)],
    ["so far", `${replayInWords(replay)} of ${replay.total}`],
    [
      "filter",
      Object.entries(replay.filter)
        .map(([name, value]) => `${name} ${value}`)
        .join(", ") || "all",
    ],
    ["rate", `${replay.rate} letters a second`],
    ...(to === null ? [] : [["to", to]]),
    ["begun", replay.created_at],
    ...(finishedAt === null ? [] : [["over", finishedAt]]),
    ...replay.failures.map((failure) => ["failed", `${failure.id}: ${failure.problem}`]),
  ];
  return report([{ rows }], replay);
}

export const pauseReplay = (asked: Invocation): Promise<Report> => steer(asked, "pause");
export const resumeReplay = (asked: Invocation): Promise<Report> => steer(asked, "resume");
export const cancelReplay = (asked: Invocation): Promise<Report> => steer(asked, "cancel");

async function steer(asked: Invocation, order: ReplayOrder): Promise<Report> {
  const [id = ""] = asked.operands;
  const replay = await askApi(asked, { method: "POST", path: [PATH, id, order] }, shownReplay);
  return report(`${id} is ${replay.state}: ${replayInWords(replay)} of ${replay.total}`, replay);
}
