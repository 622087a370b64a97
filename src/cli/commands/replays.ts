/** `hookwave replays …`: looks at a replay of many dead letters, and steers it. */
import { replayPage, type ShownReplay, shownReplay } from "../../api/routes/replays.ts";
import type { ReplayOrder } from "../../core/replay.ts";
import type { Invocation } from "../command-line.ts";
import { moreWith, placeAsked, readUpTo } from "../pages.ts";
import { replayInWords } from "../replay-words.ts";
import { type Report, report } from "../report.ts";
import { askApi, withApi } from "../service-access.ts";
import { stateCell } from "../state-hues.ts";
import type { Table } from "../table.ts";

const PATH = "replays";

export async function listReplays(asked: Invocation): Promise<Report> {
  const place = placeAsked(asked);
  const listed = await withApi(asked, (api) =>
    readUpTo((query) => api.ask({ path: [PATH], query }, replayPage), place),
  );
  return report([tableOf(listed.data), ...moreWith(listed.next)], listed);
}

function tableOf(replays: readonly ShownReplay[]): string | Table {
  if (replays.length === 0) return "no replays; `hookwave dead-letters replay --all` begins one";
  const rows = replays.map((replay) => [
    replay.id,
    replay.created_at,
    stateCell(replay.state),
    `${replayInWords(replay)} of ${replay.total}`,
    filterInWords(replay),
  ]);
  return { head: ["ID", "BEGUN AT", "STATE", "SO FAR", "FILTER"], rows };
}

const filterInWords = ({ filter }: ShownReplay): string =>
  Object.entries(filter)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ") || "all";

export async function showReplay(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const replay = await askApi(asked, { path: [PATH, id] }, shownReplay);
  const { finished_at: finishedAt, to_endpoint_id: to } = replay;
  const rows = [
    ["id", replay.id],
    ["state", stateCell(replay.state)],
    ["so far", `${replayInWords(replay)} of ${replay.total}`],
    ["filter", filterInWords(replay)],
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
