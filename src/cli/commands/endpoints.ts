/**
 * `hookwave endpoints …`: adds, lists, switches and removes receivers. A secret is shown once, by the command that
 * made it; everywhere else secrets are masked, and so are the values of custom headers, which often are secrets too.
 */
import type { Hookwave } from "../../app.ts";
import { type Endpoint, MASK, PROFILE_NAMES } from "../../core/endpoint.ts";
import { HookwaveError } from "../../core/errors.ts";
import { given } from "../../core/given.ts";
import { PRIVATE_PREFIX, publicKeyOf } from "../../wire/ed25519.ts";
import { type Invocation, usage } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { type Report, report } from "../report.ts";
import { alignRows } from "../rows.ts";
import { type Access, withHookwave, withSealedHookwave } from "../service-access.ts";
import { choice, choices, durationMs, durationsMs, list, wholeNumber } from "../values.ts";

type Request = Parameters<Hookwave["endpoints"]["add"]>[0];

export async function addEndpoint(asked: Invocation): Promise<Report> {
  const request = requestOf(asked);
  const endpoint = await withSealedHookwave(asked, async (hookwave, access) => {
    // Reads what is there: an endpoint sealed with another key means that ours would be unreadable to the workers.
    await hookwave.endpoints.list();
    refuseOtherKey(access);
    return await hookwave.endpoints.add(request);
  });
  const publicKeys = publicKeysOf(endpoint);
  const rows = [
    ["id", endpoint.id],
    ["url", endpoint.url],
    ["events", endpoint.events.join(", ")],
    ["profile", profilesOf(endpoint)],
    ...endpoint.secrets.map(({ value }) => ["secret", value]),
    ...publicKeys.map((key) => ["public key", key]),
  ];
  const text = `added\n${alignRows(rows)}\nThe secret is not shown again: ${whatToDo(publicKeys)}.`;
  return report(text, { ...shown(endpoint), secrets: endpoint.secrets, publicKeys });
}

function whatToDo(publicKeys: readonly string[]): string {
  return publicKeys.length === 0
    ? "give it to the receiver now"
    : "give the receiver the public key, and keep what begins with whsk_ to yourself";
}

export async function listEndpoints(asked: Invocation): Promise<Report> {
  return await withSealedHookwave(asked, async (hookwave, { troubles }) => {
    const endpoints = await hookwave.endpoints.list();
    const problems = troubles.map(({ message }) => message);
    const text = [tableOf(endpoints), ...problems.map((problem) => `unreadable: ${problem}`)].join("\n");
    const json = { endpoints: endpoints.map(shown), problems };
    return { text, json, exitCode: problems.length === 0 ? EXIT.ok : EXIT.failure };
  });
}

export async function removeEndpoint(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  await withHookwave(asked, (hookwave) => hookwave.endpoints.remove(id));
  return report(`removed ${id}`, { removed: id });
}

export async function enableEndpoint(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const endpoint = await withSealedHookwave(asked, (hookwave) => hookwave.endpoints.enable(id));
  return report(`enabled ${id}`, shown(endpoint));
}

export async function disableEndpoint(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const because = asked.one("because");
  const endpoint = await withSealedHookwave(asked, (hookwave) => hookwave.endpoints.disable(id, because));
  return report(`disabled ${id}: ${endpoint.disabledBecause}`, shown(endpoint));
}

export async function rotateSecret(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const rotation = given({ graceMs: durationMs(asked, "grace"), secret: asked.one("secret") });
  const endpoint = await withSealedHookwave(asked, (hookwave) =>
    hookwave.endpoints.rotateSecret(id, rotation),
  );
  const [newest, ...older] = endpoint.secrets;
  const rows = [
    ["secret", newest?.value ?? ""],
    ...older.map(({ expiresAt }) => ["before it", `signs until ${new Date(expiresAt ?? 0).toISOString()}`]),
  ];
  const text = `rotated ${id}\n${alignRows(rows)}\nThe secret is not shown again: give it to the receiver now.`;
  return report(text, { ...shown(endpoint), secret: newest?.value });
}

function requestOf(asked: Invocation): Request {
  const [url = ""] = asked.operands;
  const secrets = asked.all("secret");
  const optional = {
    id: asked.one("id"),
    events: list(asked, "events"),
    profile: choice(asked, "profile", PROFILE_NAMES),
    signatureHeader: asked.one("signature-header"),
    timeoutMs: durationMs(asked, "timeout"),
    retrySchedule: durationsMs(asked, "retry-schedule"),
    maxInFlight: wholeNumber(asked, "max-in-flight", 1, 1_000),
    description: asked.one("description"),
    secrets: secrets.length === 0 ? undefined : secrets,
  };
  return {
    url,
    headers: headersOf(asked),
    furtherProfiles: choices(asked, "further-profile", PROFILE_NAMES),
    ed25519: asked.has("ed25519"),
    signsDestinations: asked.has("signs-destinations"),
    replayProtection: asked.has("replay-protection"),
    signaturePrefix: !asked.has("bare-signature"),
    ...given(optional),
  };
}

function headersOf(asked: Invocation): Readonly<Record<string, string>> {
  const headers = asked.all("header").map((text): readonly [string, string] => {
    const colon = text.indexOf(":");
    if (colon < 1) throw usage("--header 'Name: value'", JSON.stringify(text));
    return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
  });
  return Object.fromEntries(headers);
}

const profilesOf = ({ profile, furtherProfiles }: Endpoint): string =>
  [profile, ...furtherProfiles].join("+");

/** What receivers verify with where secrets are private keys. */
function publicKeysOf({ secrets }: Endpoint): readonly string[] {
  return secrets
    .filter(({ value }) => value.startsWith(PRIVATE_PREFIX))
    .map(({ value }) => publicKeyOf(value));
}

function refuseOtherKey({ troubles }: Access): void {
  const [trouble] = troubles.filter(({ code }) => code === "SECRET_UNREADABLE");
  if (trouble === undefined) return;
  throw new HookwaveError("SECRET_UNREADABLE", {
    expected: "the encryption key that the other endpoints are sealed with",
    got: "another one",
    remedy: "set HOOKWAVE_ENCRYPTION_KEY, or HOOKWAVE_DATA_DIR, as the running service has it",
  });
}

function shown(endpoint: Endpoint): object {
  return {
    ...endpoint,
    secrets: endpoint.secrets.map(({ expiresAt }) => ({ value: MASK, expiresAt })),
    headers: Object.fromEntries(Object.keys(endpoint.headers).map((name) => [name, MASK])),
  };
}

function tableOf(endpoints: readonly Endpoint[]): string {
  if (endpoints.length === 0) return "no endpoints; add one with `hookwave endpoints add <url>`";
  const rows = endpoints.map((endpoint) => [
    endpoint.id,
    endpoint.url,
    endpoint.events.join(","),
    profilesOf(endpoint),
    endpoint.secrets.map(() => MASK).join(" "),
    endpoint.isActive ? "active" : `disabled: ${endpoint.disabledBecause ?? "no reason given"}`,
  ]);
  return alignRows([["ID", "URL", "EVENTS", "PROFILE", "SECRETS", "STATE"], ...rows]);
}
