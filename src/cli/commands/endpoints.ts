/**
 * `hookwave endpoints …`: adds, lists and removes receivers. A secret is shown once, by the command that added
 * it; everywhere else secrets are masked, and so are the values of custom headers, which often are secrets too.
 */
import type { Hookwave } from "../../app.ts";
import { type Endpoint, MASK, PROFILE_NAMES } from "../../core/endpoint.ts";
import { HookwaveError } from "../../core/errors.ts";
import { given } from "../../core/given.ts";
import { type Invocation, usage } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { type Report, report } from "../report.ts";
import { alignRows } from "../rows.ts";
import { type Access, withHookwave, withSealedHookwave } from "../service-access.ts";
import { choice, durationMs, durationsMs, list, wholeNumber } from "../values.ts";

type Request = Parameters<Hookwave["endpoints"]["add"]>[0];

export async function addEndpoint(asked: Invocation): Promise<Report> {
  const request = requestOf(asked);
  const endpoint = await withSealedHookwave(asked, async (hookwave, access) => {
    // Reads what is there: an endpoint sealed with another key means that ours would be unreadable to the workers.
    await hookwave.endpoints.list();
    refuseOtherKey(access);
    return await hookwave.endpoints.add(request);
  });
  const rows = [
    ["id", endpoint.id],
    ["url", endpoint.url],
    ["events", endpoint.events.join(", ")],
    ["profile", endpoint.profile],
    ...endpoint.secrets.map(({ value }) => ["secret", value]),
  ];
  const text = `added\n${alignRows(rows)}\nThe secret is not shown again: give it to the receiver now.`;
  return report(text, { ...shown(endpoint), secrets: endpoint.secrets });
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

function requestOf(asked: Invocation): Request {
  const [url = ""] = asked.operands;
  const secrets = asked.all("secret");
  const optional = {
    id: asked.one("id"),
    events: list(asked, "events"),
    profile: choice(asked, "profile", PROFILE_NAMES),
    timeoutMs: durationMs(asked, "timeout"),
    retrySchedule: durationsMs(asked, "retry-schedule"),
    maxInFlight: wholeNumber(asked, "max-in-flight", 1, 1_000),
    description: asked.one("description"),
    secrets: secrets.length === 0 ? undefined : secrets,
  };
  return {
    url,
    headers: headersOf(asked),
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
  const rows = endpoints.map(({ id, url, events, profile, secrets, isActive, disabledBecause }) => [
    id,
    url,
    events.join(","),
    profile,
    secrets.map(() => MASK).join(" "),
    isActive ? "active" : `disabled: ${disabledBecause ?? "no reason given"}`,
  ]);
  return alignRows([["ID", "URL", "EVENTS", "PROFILE", "SECRETS", "STATE"], ...rows]);
}
