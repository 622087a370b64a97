/**
 * Webhooks (endpoints) over HTTP: make, list, look at, change, switch, remove, and give a new secret. The paths are
 * those of the older service. A secret is in one answer only, the one that made it.
 */
import { z } from "zod";
import type { ProfileName } from "../../core/endpoint.ts";
import { given } from "../../core/given.ts";
import type { EnableEndpoint } from "../../manage/enable-endpoint.ts";
import type { EndpointManagement } from "../../manage/endpoints.ts";
import type { Management } from "../../manage/management.ts";
import { locationOf } from "../mount-place.ts";
import {
  type Api,
  addRemoval,
  answersForId,
  operation,
  pageQuery,
  timeQuery,
  withExample,
} from "../routing.ts";
import {
  madeWebhook,
  mayChange,
  newWebhook,
  objectOf,
  oneId,
  partOfWebhook,
  readChanges,
  readRotation,
  readWebhook,
  rotation,
  showMade,
  shownWebhook,
  showTo,
  showWebhook,
  webhookId,
  webhookPage,
  wholeWebhook,
} from "../webhook-fields.ts";
import { replayRate, shownReplay, showReplay } from "./replays.ts";

const TAG = "Webhooks";
const PATH = "/api/v1/webhooks";
const SHOWN = answersForId(shownWebhook);

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

const disabling = withExample(
  z
    .strictObject({
      because: z.string().min(1).max(200).nullish().describe("Shown as `disabled_because`."),
    })
    .nullish(),
  { because: "its receiver moves" },
);

const enabling = withExample(
  z
    .strictObject({
      replay: z.boolean().default(false).describe("Send again what it has missed, as a replay."),
      since: timeQuery.describe(
        "What was given up from then on; since it failed, or was switched off, when absent.",
      ),
      rate: replayRate,
    })
    .nullish(),
  { replay: true },
);

export const enabledWebhook = shownWebhook.extend({
  missed: z
    .object({ since: z.iso.datetime().nullable(), count: z.number().int() })
    .describe("Its dead letters since then: what `replay` sends again."),
  replay: shownReplay.nullable().describe("Null unless one was asked for and there was something to send."),
});

export type EnabledWebhook = z.output<typeof enabledWebhook>;

export function addWebhookRoutes(
  app: Api,
  { endpoints, enableEndpoint }: Pick<Management, "endpoints" | "enableEndpoint">,
  defaultProfile: ProfileName,
): void {
  addCollection(app, endpoints, defaultProfile);
  addChanges(app, endpoints, defaultProfile);
  addOrders(app, endpoints, enableEndpoint);
}

function addCollection(app: Api, management: EndpointManagement, defaultProfile: ProfileName): void {
  app.post(
    PATH,
    operation("admin", TAG, "createWebhook", "Make a webhook; its secret is shown this once", {
      querystring: z.strictObject({ webhook_id: webhookId.optional() }),
      body: newWebhook,
      response: { 201: madeWebhook },
    }),
    async ({ raw, body, query }, reply) => {
      const asked = objectOf(body);
      const id = oneId(asked, query.webhook_id, "webhook_id");
      const made = await management.create(readWebhook({ ...withProfile(asked, defaultProfile), id }));
      return reply
        .code(201)
        .header("location", locationOf(raw, PATH, made.id))
        .send(showMade(made));
    },
  );
  app.get(
    PATH,
    operation("read", TAG, "listWebhooks", "List the webhooks, oldest first", {
      querystring: listQuery,
      response: { 200: webhookPage },
    }),
    async ({ caller, query: { active, event, text, after = null, limit } }) => {
      const isActive = active === undefined ? undefined : active === "true";
      // A search is an answer, too: what is not shown is not searched.
      const filter = { ...given({ isActive, eventType: event, text }), masksUrl: !mayChange(caller) };
      const { data, next } = await management.page(filter, { after, limit });
      return { data: data.map((webhook) => showTo(caller, webhook)), next };
    },
  );
  app.get(
    `${PATH}/:id`,
    operation("read", TAG, "getWebhook", "Show one webhook", SHOWN),
    async ({ caller, params }) => showTo(caller, await management.get(params.id)),
  );
  const summary = "Remove a webhook; what is still owed to it becomes dead letters";
  addRemoval(app, `${PATH}/:id`, [TAG, "deleteWebhook", summary], management.remove);
}

function addChanges(app: Api, management: EndpointManagement, defaultProfile: ProfileName): void {
  const membersOf = (id: string, body: unknown) => {
    const members = objectOf(body);
    oneId(members, id, "id");
    return members;
  };
  const summary = "Set a webhook as a whole; its secret and whether it is active stay unless given";
  app.put(
    `${PATH}/:id`,
    operation("admin", TAG, "replaceWebhook", summary, { ...SHOWN, body: wholeWebhook }),
    async ({ params: { id }, body }) => {
      const whole = withProfile(membersOf(id, body), defaultProfile);
      return showWebhook(await management.replace(id, readChanges(whole)));
    },
  );
  app.patch(
    `${PATH}/:id`,
    operation("admin", TAG, "updateWebhook", "Change what is given, and nothing else", {
      ...SHOWN,
      body: partOfWebhook,
    }),
    async ({ params: { id }, body }) =>
      showWebhook(await management.amend(id, readChanges(membersOf(id, body)))),
  );
}

function addOrders(app: Api, management: EndpointManagement, enable: EnableEndpoint): void {
  app.post(
    `${PATH}/:id/enable`,
    operation("admin", TAG, "enableWebhook", "Deliver to it (again), and send again what it has missed", {
      ...answersForId(enabledWebhook),
      body: enabling,
    }),
    async ({ params, body }) => {
      const { rate: ratePerSecond, ...asked } = body ?? {};
      const { endpoint, missed, replay } = await enable(params.id, { ...asked, ratePerSecond });
      return { ...showWebhook(endpoint), missed, replay: replay === null ? null : showReplay(replay) };
    },
  );
  const disable = "Deliver nothing to it; what waits becomes dead letters";
  app.post(
    `${PATH}/:id/disable`,
    operation("admin", TAG, "disableWebhook", disable, { ...SHOWN, body: disabling }),
    async ({ params, body }) => showWebhook(await management.disable(params.id, body?.because ?? undefined)),
  );
  const rotate = "Give it a new secret, shown this once; those before it still sign for a while";
  app.post(
    `${PATH}/:id/rotate-secret`,
    operation("admin", TAG, "rotateWebhookSecret", rotate, {
      ...answersForId(madeWebhook),
      body: rotation,
    }),
    async ({ params, body }) => showMade(await management.rotateSecret(params.id, readRotation(body))),
  );
}

/** In JSON null is the same as none. */
function withProfile(asked: object, defaultProfile: ProfileName): object {
  const isNamed = "profile" in asked && asked.profile !== null;
  return isNamed ? asked : { ...asked, profile: defaultProfile };
}
