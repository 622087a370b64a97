/**
 * `hookwave endpoints …`: adds, lists, switches and removes receivers. A secret is shown once, by the command that
 * made it; everywhere else secrets are masked, and so are the values of custom headers, which often are secrets too.
 */
import { randomBytes } from "node:crypto";
import { madeWebhook, type ShownWebhook, shownWebhook, webhookPage } from "../../api/webhook-fields.ts";
import { MASK } from "../../core/endpoint.ts";
import { HookwaveError } from "../../core/errors.ts";
import { PRIVATE_PREFIX, publicKeyOf, SEED_BYTES } from "../../wire/ed25519.ts";
import { secretFrom } from "../../wire/standard-webhooks.ts";
import type { ApiClient } from "../api-client.ts";
import type { Invocation } from "../command-line.ts";
import { profilesOf, secretsOf, shownEndpoint, webhookOf } from "../endpoint-fields.ts";
import { type Report, report } from "../report.ts";
import { alignRows } from "../rows.ts";
import { withApi } from "../service-access.ts";
import { durationMs } from "../values.ts";

type Request = ReturnType<typeof webhookOf>;

/** A webhook that was made or replaced, with the secrets that only this command can show. */
interface Added {
  readonly verb: "added" | "replaced";
  readonly webhook: ShownWebhook;
  /** Newest first. */
  readonly secrets: readonly string[];
}

const PATH = "/webhooks";
const PAGE = 100;
const NEEDS = { endpoints: true };

const pathOf = (id: string): string => `${PATH}/${encodeURIComponent(id)}`;

export async function addEndpoint(asked: Invocation): Promise<Report> {
  const request = webhookOf(asked);
  const { verb, webhook, secrets } = await withApi(asked, (api) => addOrReplace(api, request), NEEDS);
  const publicKeys = secrets.filter((value) => value.startsWith(PRIVATE_PREFIX)).map(publicKeyOf);
  const rows = [
    ["id", webhook.id],
    ["url", webhook.url],
    ["events", webhook.events.join(", ")],
    ["profile", profilesOf(webhook)],
    ...secrets.map((value) => ["secret", value]),
    ...publicKeys.map((key) => ["public key", key]),
  ];
  const text = `${verb}\n${alignRows(rows)}\nThe secret is not shown again: ${whatToDo(publicKeys)}.`;
  return report(text, { ...shownEndpoint(webhook), secrets: secretsOf(webhook, secrets), publicKeys });
}

async function addOrReplace(api: ApiClient, request: Request): Promise<Added> {
  try {
    const body = JSON.stringify(request);
    const { secret, ...webhook } = await api.ask({ method: "POST", path: PATH, body }, madeWebhook);
    return { verb: "added", webhook, secrets: request.secret ?? [secret] };
  } catch (error) {
    if (!(error instanceof HookwaveError) || error.code !== "ENDPOINT_CONFLICT") throw error;
    return await replace(api, request);
  }
}

/** A PUT shows no secret and makes none, so that it is made here: one request, and the new URL never gets the old one. */
async function replace(api: ApiClient, { id = "", ed25519, ...request }: Request): Promise<Added> {
  const secrets = request.secret ?? [secretFrom(randomBytes(SEED_BYTES), ed25519)];
  const body = JSON.stringify({ ...request, secret: secrets, is_active: true });
  const webhook = await api.ask({ method: "PUT", path: pathOf(id), body }, shownWebhook);
  return { verb: "replaced", webhook, secrets };
}

function whatToDo(publicKeys: readonly string[]): string {
  return publicKeys.length === 0
    ? "give it to the receiver now"
    : "give the receiver the public key, and keep what begins with whsk_ to yourself";
}

export async function listEndpoints(asked: Invocation): Promise<Report> {
  const webhooks = await withApi(asked, listAll, NEEDS);
  return report(tableOf(webhooks), { endpoints: webhooks.map(shownEndpoint) });
}

async function listAll(api: ApiClient): Promise<readonly ShownWebhook[]> {
  const webhooks: ShownWebhook[] = [];
  for (let after: string | undefined; ; ) {
    const page = await api.ask({ path: PATH, query: { limit: PAGE, after } }, webhookPage);
    webhooks.push(...page.data);
    if (page.next === null) return webhooks;
    after = page.next;
  }
}

export async function removeEndpoint(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  await withApi(asked, (api) => api.askText({ method: "DELETE", path: pathOf(id) }));
  return report(`removed ${id}`, { removed: id });
}

export async function enableEndpoint(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const path = `${pathOf(id)}/enable`;
  const webhook = await withApi(asked, (api) => api.ask({ method: "POST", path }, shownWebhook), NEEDS);
  return report(`enabled ${id}`, shownEndpoint(webhook));
}

export async function disableEndpoint(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const path = `${pathOf(id)}/disable`;
  const body = JSON.stringify({ because: asked.one("because") });
  const webhook = await withApi(asked, (api) => api.ask({ method: "POST", path, body }, shownWebhook), NEEDS);
  return report(`disabled ${id}: ${webhook.disabled_because}`, shownEndpoint(webhook));
}

export async function rotateSecret(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const graceMs = durationMs(asked, "grace");
  const body = JSON.stringify({
    grace_seconds: graceMs === undefined ? undefined : graceMs / 1_000,
    secret: asked.one("secret"),
  });
  const { secret, ...webhook } = await withApi(
    asked,
    (api) => api.ask({ method: "POST", path: `${pathOf(id)}/rotate-secret`, body }, madeWebhook),
    NEEDS,
  );
  const [, ...older] = webhook.secrets;
  const rows = [
    ["secret", secret],
    ...older.map(({ expires_at: expiresAt }) => ["before it", `signs until ${expiresAt}`]),
  ];
  const text = `rotated ${id}\n${alignRows(rows)}\nThe secret is not shown again: give it to the receiver now.`;
  return report(text, { ...shownEndpoint(webhook), secret });
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
