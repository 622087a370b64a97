/** Replays over HTTP: begin one (or only count what it would send), see how far it is, and steer it. */
import { z } from "zod";
import { REPLAY_ORDERS, REPLAY_RATE, REPLAY_STATES, type Replay } from "../../core/replay.ts";
import type { Management } from "../../manage/management.ts";
import { inJson } from "../json-names.ts";
import { letterFilter, showFilter, shownFilter } from "../letter-fields.ts";
import { locationOf } from "../mount-place.ts";
import { type Api, answersForId, endpointId, operation, pageOf, pageQuery, withExample } from "../routing.ts";

const TAG = "Replays";
const PATH = "/api/v1/replays";

const { min, max, default: rate } = REPLAY_RATE;

export const replayRate = z.number().int().min(min).max(max).default(rate).describe("Letters per second.");

const newReplay = withExample(
  z.strictObject({
    filter: z.strictObject(letterFilter).describe("Every dead letter there is now when nothing is in it."),
    rate: replayRate,
    to_endpoint_id: endpointId
      .optional()
      .describe("Where they go instead of the endpoint they were owed to."),
    dry_run: z.boolean().default(false).describe("Only count what would be sent."),
  }),
  { filter: { type: "job.*", since: "2026-01-31T12:00:00Z" }, dry_run: true },
);

export const shownReplay = z.object({
  id: z.string(),
  state: z.enum(REPLAY_STATES),
  filter: shownFilter,
  rate: z.number().int(),
  to_endpoint_id: z.string().nullable(),
  created_at: z.iso.datetime().describe("What is buried later is not its business."),
  finished_at: z.iso.datetime().nullable(),
  total: z.number().int().describe("Letters that matched when it was begun."),
  replayed: z.number().int(),
  skipped: z.number().int().describe("Gone when their turn came: replayed or removed by others."),
  failed: z.number().int().describe("Could not be sent again, and are still there."),
  failures: z.array(z.object({ id: z.string(), problem: z.string() })).describe("The first that failed."),
});

export const replayPage = pageOf(shownReplay);
export type ShownReplay = z.output<typeof shownReplay>;

export const showReplay = (replay: Replay): ShownReplay => ({
  ...inJson(replay),
  filter: showFilter(replay.filter),
  rate: replay.ratePerSecond,
  to_endpoint_id: replay.to,
  failures: [...replay.failures],
});

export function addReplayRoutes(app: Api, { deadLetters, replays }: Management): void {
  app.post(
    PATH,
    operation("admin", TAG, "createReplay", "Send many dead letters again, or count how many it would be", {
      body: newReplay,
      response: { 200: z.object({ count: z.number().int() }).describe("Of a dry run."), 202: shownReplay },
    }),
    async ({ raw, body }, reply) => {
      const { filter, to_endpoint_id: to, rate: ratePerSecond } = body;
      if (body.dry_run) return reply.code(200).send({ count: await deadLetters.count(filter) });
      const replay = await replays.begin({ filter, ratePerSecond, to });
      return reply
        .code(202)
        .header("location", locationOf(raw, PATH, replay.id))
        .send(showReplay(replay));
    },
  );
  app.get(
    PATH,
    operation("read", TAG, "listReplays", "List the replays that are remembered, newest first", {
      querystring: z.strictObject(pageQuery),
      response: { 200: replayPage },
    }),
    async ({ query: { after = null, limit } }) => {
      const { data, next } = await replays.list({ after, limit });
      return { data: data.map(showReplay), next };
    },
  );
  const shown = answersForId(shownReplay);
  app.get(
    `${PATH}/:id`,
    operation("read", TAG, "getReplay", "Show how far a replay is", shown),
    async ({ params }) => showReplay(await replays.get(params.id)),
  );
  for (const order of REPLAY_ORDERS) {
    app.post(
      `${PATH}/:id/${order}`,
      operation("admin", TAG, `${order}Replay`, SUMMARIES[order], shown),
      async ({ params }) => showReplay(await replays.order(params.id, order)),
    );
  }
}

const SUMMARIES = {
  pause: "Stop a replay for now, within a second",
  resume: "Go on with a paused replay",
  cancel: "End a replay; what it has not sent yet stays a dead letter",
} as const;
