/**
 * `hookwave endpoints …`: adds, lists, switches and removes receivers. A secret is shown once, by the command that
 * made it; everywhere else secrets are masked, and so are the values of custom headers, which often are secrets too.
 */
import { randomBytes } from "node:crypto";
import { isoOf } from "../../api/json-names.ts";
import { type EnabledWebhook, enabledWebhook } from "../../api/routes/webhooks.ts";
import { madeWebhook, type ShownWebhook, shownWebhook, webhookPage } from "../../api/webhook-fields.ts";
import { system } from "../../config/system.ts";
import { MASK } from "../../core/endpoint.ts";
import { HookwaveError } from "../../core/errors.ts";
import { ROTATION } from "../../endpoints/rotation.ts";
import { SETTINGS } from "../../endpoints/settings.ts";
import { PRIVATE_PREFIX, publicKeyOf, SEED_BYTES } from "../../wire/ed25519.ts";
import { secretFrom } from "../../wire/standard-webhooks.ts";
import type { ApiClient } from "../api-client.ts";
import { type Invocation, usage } from "../command-line.ts";
import { profilesOf, settingsOf } from "../endpoint-fields.ts";
import { type EndpointState, endpointStateCell, readStates } from "../endpoint-states.ts";
import { RATE } from "../letter-filter.ts";
import { CHANGEABLE } from "../options.ts";
import { readAll } from "../pages.ts";
import { followReplay, replayReport } from "../replay-progress.ts";
import { type Report, report } from "../report.ts";
import { askApi, withApi } from "../service-access.ts";
import type { Cell, Table } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { MOMENT, readOption } from "../values.ts";

type MadeWebhook = ShownWebhook & { readonly secret: string };

const PATH = "webhooks";

export async function addEndpoint(asked: Invocation): Promise<Report> {
  const [url = ""] = asked.operands;
  const request = { url, ...settingsOf(asked, SETTINGS) };
  const { heading, webhook } = await withApi(asked, (api) => addOrReplace(api, asked, request), true);
  const given = asked.all("secret");
  const secrets = given.length === 0 ? [webhook.secret] : given;
  const rows = [
    ["id", webhook.id],
    ["url", webhook.url],
    ["events", webhook.events.join(", ")],
    ["profile", profilesOf(webhook)],
    ...secretRows(secrets),
  ];
  return report([heading, { rows }, adviceFor(secrets)], webhook);
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

const publicKeysOf = (secrets: readonly string[]): readonly string[] =>
  secrets.filter((value) => value.startsWith(PRIVATE_PREFIX)).map(publicKeyOf);

const secretRows = (secrets: readonly string[]) => [
  ...secrets.map((value) => ["secret", value]),
  ...publicKeysOf(secrets).map((key) => ["public key", key]),
];

function adviceFor(secrets: readonly string[]): string {
  const whatToDo =
    publicKeysOf(secrets).length === 0
      ? "give it to the receiver now"
      : "give the receiver the public key, and keep what begins with whsk_ to yourself";
  return `The secret is not shown again: ${whatToDo}.`;
}

export async function listEndpoints(asked: Invocation): Promise<Report> {
  const { webhooks, states } = await withApi(
    asked,
    async (api) => ({ webhooks: await listAll(api), states: await readStates(api) }),
    true,
  );
  const stateOf = ({ id }: ShownWebhook): EndpointState => states.get(id) ?? UNKNOWN;
  const data = webhooks.map((webhook) => ({ ...webhook, health: healthOf(stateOf(webhook)) }));
  const rows = webhooks.map(
    (webhook) => [webhook, endpointStateCell(webhook, stateOf(webhook), system.now())] as const,
  );
  return report([tableOf(rows)], { data, next: null });
}

const UNKNOWN: EndpointState = { health: undefined, cause: null };

/** Null for one that was made while the list was read. */
function healthOf({ health, cause }: EndpointState) {
  if (health === undefined) return null;
  const { id: _id, url: _url, is_active: _isActive, ...rest } = health;
  return { ...rest, last_error: cause };
}

const listAll = (api: ApiClient): Promise<readonly ShownWebhook[]> =>
  readAll((query) => api.ask({ path: [PATH], query }, webhookPage));

export async function showEndpoint(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  return await withApi(
    asked,
    async (api) => {
      const webhook = await api.ask({ path: [PATH, id] }, shownWebhook);
      const state = (await readStates(api)).get(webhook.id) ?? UNKNOWN;
      const settings = Object.entries(webhook).map(([name, value]) => [name, inWords(value)]);
      const rows = [["state", endpointStateCell(webhook, state, system.now())], ...settings];
      return report([{ rows }], { ...webhook, health: healthOf(state) });
    },
    true,
  );
}

const inWords = (value: unknown): string =>
  value === null || value === "" ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value);

/** Only what is given changes. */
export async function setEndpoint(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const changes = { url: asked.one("url"), ...settingsOf(asked, CHANGEABLE) };
  const names = Object.entries(changes).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (names.length === 0) throw usage("an option that says what to change", "none");
  const request = { method: "PATCH", path: [PATH, id], body: JSON.stringify(changes) } as const;
  const webhook = await askApi(asked, request, shownWebhook, true);
  return report(`changed ${names.join(", ")} of ${id}`, webhook);
}

export async function removeEndpoint(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  await withApi(asked, (api) => api.askText({ method: "DELETE", path: [PATH, id] }));
  return report(`removed ${id}`, { removed: id });
}

export async function enableEndpoint(asked: Invocation, terminal: Terminal): Promise<Report> {
  const [id = ""] = asked.operands;
  const replay = asked.has("replay");
  if (!replay && (asked.has("since") || asked.has("rate")))
    throw usage("endpoints enable --replay with these options", "no --replay");
  const since = isoOf(readOption(asked, "since", MOMENT));
  const body = JSON.stringify({ replay, since, rate: readOption(asked, "rate", RATE) });
  const enable = async (api: ApiClient) => {
    const enabled = await api.ask({ method: "POST", path: [PATH, id, "enable"], body }, enabledWebhook);
    if (enabled.replay === null) return enabled;
    return { ...enabled, replay: await followReplay(api, enabled.replay.id, asked, terminal) };
  };
  const enabled = await withApi(asked, enable, true);
  if (enabled.replay === null) return report(`enabled ${id}${offer(id, replay, enabled.missed)}`, enabled);
  const { text, exitCode } = replayReport(enabled.replay);
  return { text: `enabled ${id}\n${text}`, json: enabled, exitCode };
}

function offer(id: string, isAsked: boolean, { count, since }: EnabledWebhook["missed"]): string {
  if (count === 0) return isAsked ? "\nit has missed nothing that could be sent again" : "";
  const missed = `${count} ${count === 1 ? "delivery was" : "deliveries were"} given up since ${since}`;
  return `\n${missed}: send them again with \`hookwave endpoints enable ${id} --replay\``;
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
    ...secretRows([made.secret]),
    ...older.map(({ expires_at: expiresAt }) => ["before it", `signs until ${expiresAt}`]),
  ];
  return report([`rotated ${id}`, { rows }, adviceFor([made.secret])], made);
}

function tableOf(webhooks: readonly (readonly [ShownWebhook, Cell])[]): string | Table {
  if (webhooks.length === 0) return "no endpoints; add one with `hookwave endpoints add <url>`";
  const rows = webhooks.map(([webhook, state]) => [
    webhook.id,
    webhook.url,
    webhook.events.join(","),
    profilesOf(webhook),
    webhook.secrets.map(() => MASK).join(" "),
    state,
  ]);
  return { head: ["ID", "URL", "EVENTS", "PROFILE", "SECRETS", "STATE"], rows };
}
