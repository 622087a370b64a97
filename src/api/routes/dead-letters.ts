/** Dead letters over HTTP: which there are, one whole, sending one again, and removing one or many for good. */
import { z } from "zod";
import { deliveryId } from "../../core/delivery.ts";
import type { DeadLetterManagement } from "../../manage/dead-letters.ts";
import { eventText } from "../event-text.ts";
import {
  EXPORT_PAGE,
  type Exported,
  type Exports,
  exportOperation,
  exportQuery,
  sendExport,
} from "../exports.ts";
import {
  letterFilter,
  letterGroupsSchema,
  letterPage,
  letterSchema,
  type ShownLetter,
  showGroups,
  showLetter,
  showWholeLetter,
  wholeLetterSchema,
  withoutPayload,
} from "../letter-fields.ts";
import {
  type Api,
  addRemoval,
  answersForId,
  idParams,
  operation,
  pageQuery,
  withExample,
} from "../routing.ts";

export const purgedLetters = z.object({ purged: z.number().int() });
export const replayedLetter = z.object({
  delivery_id: z.string().nullable().describe("What to follow; null for an events job."),
});

const askedPurge = withExample(
  z.strictObject({
    filter: z.strictObject(letterFilter).describe("All of them when nothing is in it."),
    confirm_count: z
      .number()
      .int()
      .min(0)
      .describe("How many will be removed; a dry run of a replay counts."),
  }),
  { filter: { endpoint: "acme", until: "2026-01-31T12:00:00Z" }, confirm_count: 0 },
);

const TAG = "Dead letters";
const PATH = "/api/v1/dead-letters";

export function addDeadLetterRoutes(app: Api, letters: DeadLetterManagement, exports: Exports): void {
  addReading(app, letters);
  addExport(app, letters, exports);
  addChanges(app, letters);
}

function addReading(app: Api, letters: DeadLetterManagement): void {
  app.get(
    PATH,
    operation("read", TAG, "listDeadLetters", "List what was given up, newest first", {
      querystring: z.strictObject({
        ...pageQuery,
        ...letterFilter,
        total: z.enum(["true", "false"]).optional().describe("Whether to count all that match, too."),
      }),
      response: { 200: letterPage },
    }),
    async ({ query: { after = null, limit, total, ...filter } }) => {
      const { data, next } = await letters.list(filter, { after, limit });
      const page = { data: data.map(showLetter), next };
      return total === "true" ? { ...page, total: await letters.count(filter) } : page;
    },
  );
  app.get(
    `${PATH}/groups`,
    operation(
      "read",
      TAG,
      "groupDeadLetters",
      "Count what was given up by endpoint, reason and last answer",
      {
        querystring: z.strictObject(letterFilter),
        response: { 200: letterGroupsSchema },
      },
    ),
    async ({ query }) => showGroups(await letters.groups(query)),
  );
  app.get(
    `${PATH}/:id`,
    {
      serializerCompiler: () => eventText,
      ...operation(
        "read",
        TAG,
        "getDeadLetter",
        "Show one whole, with every attempt of its last round",
        answersForId(wholeLetterSchema),
      ),
    },
    async ({ hidesPayloads, params }) => {
      const letter = showWholeLetter(await letters.get(params.id));
      return hidesPayloads ? withoutPayload(letter) : letter;
    },
  );
}

const EXPORTED: Exported<ShownLetter> = {
  name: "dead-letters",
  columns: Object.keys(letterSchema.shape),
  cells: (row) => Object.values(letterSchema.parse(row)),
  json: (row) => JSON.stringify(letterSchema.parse(row)),
};

function addExport(app: Api, letters: DeadLetterManagement, exports: Exports): void {
  const summary = "All dead letters that a list would have, as a file";
  app.get(
    `${PATH}/export`,
    exportOperation([TAG, "exportDeadLetters", summary], z.strictObject({ ...exportQuery, ...letterFilter })),
    async (request, reply) => {
      const { format: _, ...filter } = request.query;
      return await sendExport(request, reply, exports, EXPORTED, async (after) => {
        const { data, next } = await letters.list(filter, { after, limit: EXPORT_PAGE });
        return { data: data.map(showLetter), next };
      });
    },
  );
}

function addChanges(app: Api, letters: DeadLetterManagement): void {
  const summary = "Send one again, from the first attempt on and under the same webhook-id";
  app.post(
    `${PATH}/:id/replay`,
    operation("admin", TAG, "replayDeadLetter", summary, {
      params: idParams,
      response: { 202: replayedLetter },
    }),
    async ({ params }, reply) => {
      const letter = await letters.replay(params.id);
      const id = letter.kind === "delivery" ? deliveryId(letter.delivery) : null;
      return reply.code(202).send({ delivery_id: id });
    },
  );
  addRemoval(app, `${PATH}/:id`, [TAG, "deleteDeadLetter", "Remove one for good"], letters.remove);
  app.post(
    `${PATH}/purge`,
    operation("admin", TAG, "purgeDeadLetters", "Remove many for good, if they are as many as is confirmed", {
      body: askedPurge,
      response: { 200: purgedLetters },
    }),
    async ({ body }) => ({ purged: await letters.purge(body.filter, body.confirm_count) }),
  );
}
