/**
 * `hookwave endpoints …`: adds, lists, switches and removes receivers. A secret is shown once, by the command that
 * made it; everywhere else secrets are masked, and so are the values of custom headers, which often are secrets too.
 */
import { randomBytes } from "node:crypto";
import { madeWebhook, type ShownWebhook, shownWebhook, webhookPage } from "../../api/webhook-fields.ts";
import { MASK } from "../../core/endpoint.ts";
import { HookwaveError } from "../../core/errors.ts";
import { ROTATION } from "../../endpoints/rotation.ts";
import { SETTINGS } from "../../endpoints/settings.ts";
import { PRIVATE_PREFIX, publicKeyOf, SEED_BYTES } from "../../wire/ed25519.ts";
import { secretFrom } from "../../wire/standard-webhooks.ts";
import type { ApiClient } from "../api-client.ts";
import type { Invocation } from "../command-line.ts";
import { profilesOf, settingsOf } from "../endpoint-fields.ts";
import { type Report, report } from "../report.ts";
import { alignRows } from "../rows.ts";
import { askApi, withApi } from "../service-access.ts";

type MadeWebhook = ShownWebhook & { readonly secret: string };

const PATH = "webhooks";
const PAGE = 100;

export async function addEndpoint(asked: Invocation): Promise<Report> {
  const [url = ""] = asked.operands;
  const request = { url, ...settingsOf(asked, SETTINGS) };
  const { heading, webhook } = await withApi(asked, (api) => addOrReplace(api, asked, request), true);
  const given = asked.all("secret");
  const secrets = given.length === 0 ? [webhook.secret] : given;
  const publicKeys = secrets.filter((value) => value.startsWith(PRIVATE_PREFIX)).map(publicKeyOf);
  const rows = [
    ["id", webhook.id],
    ["url", webhook.url],
    ["events", webhook.events.join(", ")],
    ["profile", profilesOf(webhook)],
    ...secrets.map((value) => ["secret", value]),
    ...publicKeys.map((key) => ["public key", key]),
  ];
  const text = `${heading}\n${alignRows(rows)}\nThe secret is not shown again: ${whatToDo(publicKeys)}.`;
  return report(text, webhook);
}

async function addOrReplace(api: ApiClient, asked: Invocation, request: object) {
  try {
    const body = JSON.stringify(request);
    return { heading: "added", webhook: await api.ask({ method: "POST", path: [PATH], body }, madeWebhook) };
  } catch (error) {
    if (!(error instanceof HookwaveError) || error.code !== "ENDPOINT_CONFLICT") throw error;
    const heading = "replaced as a whole; what was not given has its default";
    return { heading, webhook: await replace(api, asked, request) };
  }
}

/** A PUT shows no secret and makes none, so that it is made here: one request, and the new URL never gets the old one. */
async function replace(api: ApiClient, asked: Invocation, request: object): Promise<MadeWebhook> {
  const isEd25519 = asked.has("ed25519");
  const [secret = secretFrom(randomBytes(SEED_BYTES), isEd25519), ...older] = asked.all("secret");
  const body = JSON.stringify({
    is_active: true,
    ...request,
    ed25519: undefined,
    secret: [secret, ...older],
  });
  const path = [PATH, asked.one("id") ?? ""];
  return { ...(await api.ask({ method: "PUT", path, body }, shownWebhook)), secret };
}

function whatToDo(publicKeys: readonly string[]): string {
  return publicKeys.length === 0
    ? "give it to the receiver now"
    : "give the receiver the public key, and keep what begins with whsk_ to yourself";
}

export async function listEndpoints(asked: Invocation): Promise<Report> {
  const data = await withApi(asked, listAll, true);
  return report(tableOf(data), { data, next: null });
}

async function listAll(api: ApiClient): Promise<readonly ShownWebhook[]> {
  const webhooks: ShownWebhook[] = [];
  for (let after: string | undefined; ; ) {
    const page = await api.ask({ path: [PATH], query: { limit: PAGE, after } }, webhookPage);
    webhooks.push(...page.data);
    if (page.next === null) return webhooks;
    after = page.next;
  }
}

export async function removeEndpoint(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  await withApi(asked, (api) => api.askText({ method: "DELETE", path: [PATH, id] }));
  return report(`removed ${id}`, { removed: id });
}

export async function enableEndpoint(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const path = [PATH, id, "enable"];
  const webhook = await askApi(asked, { method: "POST", path }, shownWebhook, true);
  return report(`enabled ${id}`, webhook);
}

export async function disableEndpoint(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const path = [PATH, id, "disable"];
  const body = JSON.stringify({ because: asked.one("because") });
  const webhook = await askApi(asked, { method: "POST", path, body }, shownWebhook, true);
  return report(`disabled ${id}: ${webhook.disabled_because}`, webhook);
}

export async function rotateSecret(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const path = [PATH, id, "rotate-secret"];
  const body = JSON.stringify(settingsOf(asked, ROTATION));
  const made = await askApi(asked, { method: "POST", path, body }, madeWebhook, true);
  const [, ...older] = made.secrets;
  const rows = [
    ["secret", made.secret],
    ...older.map(({ expires_at: expiresAt }) => ["before it", `signs until ${expiresAt}`]),
  ];
  const text = `rotated ${id}\n${alignRows(rows)}\nThe secret is not shown again: give it to the receiver now.`;
  return report(text, made);
}

function tableOf(webhooks: readonly ShownWebhook[]): string {
  if (webhooks.length === 0) return "no endpoints; add one with `hookwave endpoints add <url>`";
  const rows = webhooks.map((webhook) => [
    webhook.id,
    webhook.url,
    webhook.events.join(","),
    profilesOf(webhook),
    webhook.secrets.map(() => MASK).join(" "),
    webhook.is_active ? "active" : `disabled: ${webhook.disabled_because ?? "no reason given"}`,
  ]);
  return alignRows([["ID", "URL", "EVENTS", "PROFILE", "SECRETS", "STATE"], ...rows]);
}
