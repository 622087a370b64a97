/**
 * Webhooks (endpoints) over HTTP: make, list, look at, change, switch, remove, and give a new secret. The paths are
 * those of the older service. A secret is in one answer only, the one that made it.
 */
import { z } from "zod";
import { type Caller, isAllowed } from "../../core/access.ts";
import type { Endpoint } from "../../core/endpoint.ts";
import { given } from "../../core/given.ts";
import { maskUrl } from "../../core/mask-url.ts";
import type { EndpointManagement } from "../../manage/endpoints.ts";
import { Refusal } from "../problem.ts";
import { type Api, idParams, pageQuery } from "../routing.ts";
import {
  madeWebhook,
  newWebhook,
  partOfWebhook,
  readSettings,
  type ShownWebhook,
  showMade,
  shownWebhook,
  showWebhook,
  webhookPage,
  wholeWebhook,
} from "../webhook-fields.ts";

const ADMIN = { config: { access: "admin" } } as const;
const READ = { config: { access: "read" } } as const;
const TAGS = { tags: ["Webhooks"] };
const PATH = "/api/v1/webhooks";
const GRACE_MAX_SECONDS = 7 * 24 * 60 * 60;

const listQuery = z.strictObject({
  ...pageQuery,
  active: z.enum(["true", "false"]).optional(),
  event: z.string().max(128).optional().describe("Those that get this type, or have this subscription."),
  text: z
    .string()
    .max(200)
    .optional()
    .describe("Part of the id, URL (as far as it is shown), description or a label."),
});

const rotation = z
  .strictObject({
    grace_seconds: z
      .number()
      .min(0)
      .max(GRACE_MAX_SECONDS)
      .nullish()
      .describe("For how long the secrets before it still sign; a day when absent."),
    secret: z.string().max(500).nullish().describe("Made when absent."),
  })
  .nullish();

const disabling = z
  .strictObject({
    because: z.string().min(1).max(200).nullish().describe("Shown as `disabled_because`."),
  })
  .nullish();

export function addWebhookRoutes(app: Api, management: EndpointManagement): void {
  addCollection(app, management);
  addOne(app, management);
  addChanges(app, management);
  addSwitches(app, management);
  addRotation(app, management);
}

function addCollection(app: Api, management: EndpointManagement): void {
  app.post(
    PATH,
    {
      ...ADMIN,
      schema: {
        ...TAGS,
        operationId: "createWebhook",
        summary: "Make a webhook; its secret is shown this once",
        querystring: z.strictObject({ webhook_id: z.string().max(64).optional() }),
        body: newWebhook,
        response: { 201: madeWebhook },
      },
    },
    async ({ body, query }, reply) => {
      const id = oneId(body.id ?? undefined, query.webhook_id, "webhook_id");
      const settings = readSettings(body);
      const made = await management.create({
        ...settings,
        ...given({ id, ed25519: body.ed25519 }),
        url: body.url,
      });
      return reply.code(201).header("location", `${PATH}/${made.id}`).send(showMade(made));
    },
  );
  app.get(
    PATH,
    {
      ...READ,
      schema: {
        ...TAGS,
        operationId: "listWebhooks",
        summary: "List the webhooks, oldest first",
        querystring: listQuery,
        response: { 200: webhookPage },
      },
    },
    async ({ caller, query: { active, event, text, after = null, limit } }) => {
      const isActive = active === undefined ? undefined : active === "true";
      // A search is an answer, too: what is not shown is not searched.
      const filter = { ...given({ isActive, eventType: event, text }), masksUrl: !mayChange(caller) };
      const { data, next } = await management.page(filter, { after, limit });
      return { data: data.map((webhook) => showTo(caller, webhook)), next };
    },
  );
}

function addOne(app: Api, management: EndpointManagement): void {
  app.get(
    `${PATH}/:id`,
    {
      ...READ,
      schema: {
        ...TAGS,
        operationId: "getWebhook",
        summary: "Show one webhook",
        params: idParams,
        response: { 200: shownWebhook },
      },
    },
    async ({ caller, params }) => showTo(caller, await management.get(params.id)),
  );
  app.delete(
    `${PATH}/:id`,
    {
      ...ADMIN,
      schema: {
        ...TAGS,
        operationId: "deleteWebhook",
        summary: "Remove a webhook; what is still owed to it becomes dead letters",
        params: idParams,
        response: { 204: z.undefined() },
      },
    },
    async ({ params }, reply) => {
      await management.remove(params.id);
      return reply.code(204).send();
    },
  );
}

function addChanges(app: Api, management: EndpointManagement): void {
  app.put(
    `${PATH}/:id`,
    {
      ...ADMIN,
      schema: {
        ...TAGS,
        operationId: "replaceWebhook",
        summary: "Set a webhook as a whole; its secret and whether it is active stay unless given",
        params: idParams,
        body: wholeWebhook,
        response: { 200: shownWebhook },
      },
    },
    async ({ params, body }) => {
      oneId(params.id, body.id ?? undefined, "id");
      return showWebhook(await management.replace(params.id, { ...readSettings(body), url: body.url }));
    },
  );
  app.patch(
    `${PATH}/:id`,
    {
      ...ADMIN,
      schema: {
        ...TAGS,
        operationId: "updateWebhook",
        summary: "Change what is given, and nothing else",
        params: idParams,
        body: partOfWebhook,
        response: { 200: shownWebhook },
      },
    },
    async ({ params, body }) => {
      oneId(params.id, body.id ?? undefined, "id");
      return showWebhook(
        await management.amend(params.id, { ...readSettings(body), ...given({ url: body.url }) }),
      );
    },
  );
}

function addSwitches(app: Api, management: EndpointManagement): void {
  const route = (operationId: string, summary: string) => ({
    ...TAGS,
    operationId,
    summary,
    params: idParams,
    response: { 200: shownWebhook },
  });
  app.post(
    `${PATH}/:id/enable`,
    { ...ADMIN, schema: route("enableWebhook", "Deliver to it (again)") },
    async ({ params }) => showWebhook(await management.enable(params.id)),
  );
  const summary = "Deliver nothing to it; what waits becomes dead letters";
  app.post(
    `${PATH}/:id/disable`,
    { ...ADMIN, schema: { ...route("disableWebhook", summary), body: disabling } },
    async ({ params, body }) => showWebhook(await management.disable(params.id, body?.because ?? undefined)),
  );
}

function addRotation(app: Api, management: EndpointManagement): void {
  app.post(
    `${PATH}/:id/rotate-secret`,
    {
      ...ADMIN,
      schema: {
        ...TAGS,
        operationId: "rotateWebhookSecret",
        summary: "Give it a new secret, shown this once; those before it still sign for a while",
        params: idParams,
        body: rotation,
        response: { 200: madeWebhook },
      },
    },
    async ({ params, body }) => {
      const seconds = body?.grace_seconds;
      const graceMs = seconds == null ? null : Math.round(seconds * 1_000);
      return showMade(await management.rotateSecret(params.id, given({ graceMs, secret: body?.secret })));
    },
  );
}

const mayChange = (caller: Caller | null): boolean => caller !== null && isAllowed(caller, "admin");

/** The URL may be read back by those who may set it; to others it is masked. */
function showTo(caller: Caller | null, endpoint: Endpoint): ShownWebhook {
  const shown = showWebhook(endpoint);
  return mayChange(caller) ? shown : { ...shown, url: maskUrl(endpoint.url) };
}

/** An id may be said in two places, but not two ids. */
function oneId(one: string | undefined, other: string | undefined, where: string): string | undefined {
  if (one === undefined || other === undefined || one === other) return one ?? other;
  throw new Refusal("REQUEST_INVALID", {
    expected: `${where} to be "${one}"`,
    got: `"${other}"`,
    remedy: "leave one of them out",
  });
}
