/** Callbacks over HTTP: what came in, how much of it nobody has seen, saying that one has, and sending one on. */
import { z } from "zod";
import { CALLBACK_ORDERS, type CallbackFilter } from "../../core/callback.ts";
import { ENDPOINT_ID_PATTERN } from "../../core/endpoint.ts";
import type { CallbackManagement } from "../../manage/callbacks.ts";
import {
  callbackCounts,
  callbackFilter,
  callbackPage,
  callbackSchema,
  type ShownCallback,
  showCallback,
  showWholeCallback,
  wholeCallbackSchema,
  withoutBody,
} from "../callback-fields.ts";
import type { Cell } from "../csv.ts";
import {
  EXPORT_PAGE,
  type Exported,
  type Exports,
  exportOperation,
  exportQuery,
  sendExport,
} from "../exports.ts";
import { inJson } from "../json-names.ts";
import { type Api, answersForId, idParams, operation, pageQuery, withExample } from "../routing.ts";

const TAG = "Inbox";
const PATH = "/api/v1/callbacks";

const markedCallbacks = z.object({ marked: z.int().describe("Those that nobody had seen before.") });
export const forwardedCallback = z.object({
  event_id: z.string().describe("Its callback's id, and the number of times that it was forwarded."),
  type: z.string().describe("`callback.` and the source."),
});

const askedForward = withExample(
  z
    .strictObject({
      endpoint: z
        .string()
        .regex(ENDPOINT_ID_PATTERN)
        .nullish()
        .describe("To this one alone, whatever it has subscribed to; to all subscribers when absent."),
    })
    .nullish(),
  { endpoint: null },
);

const askedMarks = withExample(
  z
    .strictObject({
      ...callbackFilter,
      up_to: z
        .string()
        .regex(/^\d{1,16}$/)
        .optional()
        .describe("A `cursor`, or a `latest`: what came later stays unseen."),
    })
    .nullish(),
  { source: "llm-site", up_to: "42" },
);

export function addCallbackRoutes(app: Api, callbacks: CallbackManagement, exports: Exports): void {
  addReading(app, callbacks);
  addExport(app, callbacks, exports);
  addMarks(app, callbacks);
  app.post(
    `${PATH}/:id/forward`,
    operation("admin", TAG, "forwardCallback", "Publish one as an event, its body as data", {
      params: idParams,
      body: askedForward,
      response: { 202: forwardedCallback },
    }),
    async ({ params, body }, reply) => {
      return reply.code(202).send(inJson(await callbacks.forward(params.id, body?.endpoint ?? null)));
    },
  );
}

/** The same for a list and for an export. */
const callbackQuery = {
  ...callbackFilter,
  seen: z.enum(["true", "false"]).optional(),
  order: z.enum(CALLBACK_ORDERS).default("newest"),
};
const asked = z.object(callbackQuery).omit({ order: true });

const filterOf = ({ seen, ...filter }: z.output<typeof asked>): CallbackFilter => ({
  ...filter,
  isSeen: seen === undefined ? undefined : seen === "true",
});

const EXPORTED: Exported<ShownCallback> = {
  name: "callbacks",
  columns: Object.keys(callbackSchema.shape),
  cells: (row) => Object.values(callbackSchema.parse(row)).map(cellOf),
  json: (row) => JSON.stringify(callbackSchema.parse(row)),
};

const cellOf = (value: string | number | boolean | null): Cell =>
  typeof value === "boolean" ? String(value) : value;

function addExport(app: Api, callbacks: CallbackManagement, exports: Exports): void {
  const summary = "All callbacks that a list would have, as a file; without their bodies";
  app.get(
    `${PATH}/export`,
    exportOperation([TAG, "exportCallbacks", summary], z.strictObject({ ...exportQuery, ...callbackQuery })),
    async (request, reply) => {
      const { order, ...query } = request.query;
      return await sendExport(request, reply, exports, EXPORTED, async (after) => {
        const page = await callbacks.list(filterOf(query), order, { after, limit: EXPORT_PAGE });
        return { data: page.data.map(showCallback), next: page.next };
      });
    },
  );
}

function addReading(app: Api, callbacks: CallbackManagement): void {
  app.get(
    PATH,
    operation("read", TAG, "listCallbacks", "List what came in, newest first", {
      description:
        "To hear of what comes, keep `latest` and ask with `order=oldest&after=` it: what came since, oldest first. A callback that comes again in other bytes comes again there.",
      querystring: z.strictObject({ ...pageQuery, ...callbackQuery }),
      response: { 200: callbackPage },
    }),
    async ({ query: { after = null, limit, order, ...query } }) => {
      const page = await callbacks.list(filterOf(query), order, { after, limit });
      return { ...page, data: page.data.map(showCallback) };
    },
  );
  app.get(
    `${PATH}/counts`,
    operation("read", TAG, "countCallbacks", "Count them: all, unseen, invalid, unsigned, and by source", {
      response: { 200: callbackCounts },
    }),
    async () => {
      const { sources, ...counts } = await callbacks.counts();
      return { ...counts, sources: sources.map((one) => ({ ...one })) };
    },
  );
  app.get(
    `${PATH}/:id`,
    operation("read", TAG, "getCallback", "Show one whole, as it came", answersForId(wholeCallbackSchema)),
    async ({ hidesPayloads, params }) => {
      const callback = showWholeCallback(await callbacks.get(params.id));
      return hidesPayloads ? withoutBody(callback) : callback;
    },
  );
}

function addMarks(app: Api, callbacks: CallbackManagement): void {
  app.post(
    `${PATH}/:id/seen`,
    operation("admin", TAG, "markCallbackSeen", "Say that one has been seen, or not yet", {
      ...answersForId(callbackSchema),
      body: withExample(z.strictObject({ seen: z.boolean().default(true) }).nullish(), { seen: true }),
    }),
    async ({ params, body }) => showCallback(await callbacks.mark(params.id, body?.seen ?? true)),
  );
  app.post(
    `${PATH}/seen`,
    operation("admin", TAG, "markCallbacksSeen", "Say of all that match that they have been seen", {
      body: askedMarks,
      response: { 200: markedCallbacks },
    }),
    async ({ body }) => {
      const { up_to: upTo = null, ...filter } = body ?? {};
      return { marked: await callbacks.markAll(filter, upTo) };
    },
  );
}
