/**
 * The webhooks of the KlipStream API, for clients that cannot be changed: at the paths of ours, with their own bodies, bare
 * lists and statuses (decision 36). It does what our routes do, by the same management, and knows webhooks of its own
 * wire profile only: those of others are not there for its clients.
 */
import { z } from "zod";
import type { Endpoint } from "../../core/endpoint.ts";
import { HookwaveError } from "../../core/errors.ts";
import { given } from "../../core/given.ts";
import type { EndpointManagement } from "../../manage/endpoints.ts";
import type { Management } from "../../manage/management.ts";
import { type Api, idParams, keepBodyText, onlyDescribing } from "../routing.ts";
import { LOG_STATUSES, shownStatistics, showStatistics } from "../webhook-log-fields.ts";
import { FOR_KLIPSTREAM } from "./dialect.ts";
import {
  delivery,
  EVENTS,
  madeWebhook,
  PROFILE,
  readNew,
  readPart,
  readTest,
  show,
  showDeliveries,
  showTest,
  tested,
  webhook,
} from "./fields.ts";

const PATH = "/api/v1/webhooks";
const LIST_MAX = 1_000;
const READ = { ...FOR_KLIPSTREAM, config: { access: "read" } } as const;
const ADMIN = { ...FOR_KLIPSTREAM, config: { access: "admin" } } as const;
/** Read by `read…`, which say all that is wrong at once. */
const anyBody = onlyDescribing(z.unknown());
const limit = z.coerce.number().int().min(1).max(LIST_MAX).default(LIST_MAX);

/** The others of the dialect: none of them is in the API's description, which is of our own. */
const answers = <Schema extends object>(schema: Schema) => ({ ...schema, hide: true });

export function addKlipstreamRoutes(
  app: Api,
  { endpoints, testEndpoint }: Pick<Management, "endpoints" | "testEndpoint">,
): void {
  addWebhooks(app, endpoints);
  addHistory(app, endpoints);
  app.register(async (texts: Api) => {
    keepBodyText(texts);
    texts.post(
      `${PATH}/:id/test`,
      { ...ADMIN, schema: answers({ params: idParams, body: anyBody, response: { 202: tested } }) },
      async ({ params, body }, reply) => {
        const { id } = await find(endpoints, params.id);
        return reply.code(202).send(showTest(id, await testEndpoint(id, readTest(body))));
      },
    );
  });
}

function addWebhooks(app: Api, endpoints: EndpointManagement): void {
  const querystring = z.object({ active_only: z.stringbool().default(false), limit });
  app.get(
    PATH,
    { ...READ, schema: answers({ querystring, response: { 200: z.array(webhook) } }) },
    async ({ caller, query }) => {
      const filter = { profile: PROFILE, ...given({ isActive: query.active_only || undefined }) } as const;
      const { data } = await endpoints.page(filter, { after: null, limit: query.limit });
      return data.map((one) => show(caller, one));
    },
  );
  app.get(`${PATH}/events/available`, { ...READ, schema: answers({}) }, async () => EVENTS);
  app.post(
    PATH,
    {
      ...ADMIN,
      schema: answers({
        querystring: z.object({ webhook_id: z.string().max(64).optional() }),
        body: anyBody,
        response: { 201: madeWebhook },
      }),
    },
    async ({ caller, query, body }, reply) => {
      const asked = readNew(body, query.webhook_id);
      const made = await endpoints.create(asked);
      const secret = asked.settings.secrets === undefined ? made.secrets[0]?.value : undefined;
      return reply.code(201).send({ ...show(caller, made), ...given({ secret }) });
    },
  );
  const ofOne = { params: idParams, response: { 200: webhook } };
  app.get(`${PATH}/:id`, { ...READ, schema: answers(ofOne) }, async ({ caller, params }) =>
    show(caller, await find(endpoints, params.id)),
  );
  app.put(
    `${PATH}/:id`,
    { ...ADMIN, schema: answers({ ...ofOne, body: anyBody }) },
    async ({ caller, params, body }) => {
      const { id } = await find(endpoints, params.id);
      return show(caller, await endpoints.amend(id, readPart(body, id)));
    },
  );
  app.delete(
    `${PATH}/:id`,
    { ...ADMIN, schema: answers({ params: idParams, response: { 204: z.undefined() } }) },
    async ({ params }, reply) => {
      await endpoints.remove((await find(endpoints, params.id)).id);
      return reply.code(204).send();
    },
  );
}

function addHistory(app: Api, endpoints: EndpointManagement): void {
  const querystring = z.object({
    limit,
    status: z.enum(LOG_STATUSES).optional(),
    event: z.string().max(128).optional(),
  });
  app.get(
    `${PATH}/:id/logs`,
    { ...READ, schema: answers({ params: idParams, querystring, response: { 200: z.array(delivery) } }) },
    async ({ params, query }) => {
      const { id } = await find(endpoints, params.id);
      // A filter for a status would leave out the attempts that say that it is over.
      const { data } = await endpoints.attempts(id, given({ eventType: query.event }), ALL_THERE_ARE);
      const rows = showDeliveries(data).filter(({ status }) => (query.status ?? status) === status);
      return rows.slice(0, query.limit);
    },
  );
  app.get(
    `${PATH}/:id/stats`,
    {
      ...READ,
      schema: answers({ params: idParams, response: { 200: shownStatistics.omit({ hours: true }) } }),
    },
    async ({ params }) => showStatistics(await endpoints.statistics((await find(endpoints, params.id)).id)),
  );
}

const ALL_THERE_ARE = { after: null, limit: LIST_MAX } as const;

/** Throws ENDPOINT_UNKNOWN for one of another profile, too. */
async function find(endpoints: EndpointManagement, id: string): Promise<Endpoint> {
  const found = await endpoints.get(id);
  if (found.profile === PROFILE) return found;
  throw new HookwaveError("ENDPOINT_UNKNOWN", {
    expected: `the id of a webhook of the profile ${PROFILE}`,
    got: `"${found.id}", which has another`,
    remedy: "ask for it with the header `Hookwave-Api: 1`, as this API's own clients do",
  });
}
