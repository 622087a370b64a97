/** The page of docs in a real browser, under a name that is not this machine's; and what leads to it. */
import { expect, it } from "vitest";
import { ask, startApi } from "../support/api.ts";
import { documentAt, findBrowser, INSTALL_BROWSER } from "../support/browser.ts";
import { startHookwave, startRedis } from "../support/service.ts";

const KEY = "k".repeat(32);

it("the page of docs shows the operations under a plain http name", async ({ skip }) => {
  const browser = findBrowser();
  if (browser === null) return skip(`chromium is not there: ${INSTALL_BROWSER}`);
  await using redis = await startRedis();
  await using hookwave = await startHookwave(redis, { role: "api", apiKey: KEY });
  await using api = await startApi(hookwave, { isOpenToOthers: true });
  const flags = ["--host-resolver-rules=MAP hooks.example 127.0.0.1", "--disable-features=HttpsUpgrades"];

  const shown = await documentAt(browser, `http://hooks.example:${new URL(api.url).port}/docs`, flags);

  expect(shown.includes("Publish one event, or a list whole or not at all")).toBe(true);
}, 60_000);

it("an answer tells a browser to keep to https only where it came by https", async () => {
  await using redis = await startRedis();
  await using hookwave = await startHookwave(redis, { role: "api" });
  await using api = await startApi(hookwave, { settings: { apiTrustedProxies: ["127.0.0.0/8"] } });
  const headersOf = async (path: string, headers = {}) =>
    (await ask(`${api.url}${path}`, { headers })).headers;
  for (const path of ["/docs", "/openapi.json", "/healthz", "/nowhere"]) {
    const plain = await headersOf(path);
    expect(plain.has("strict-transport-security"), path).toBe(false);
    expect(plain.get("content-security-policy"), path).not.toContain("upgrade-insecure-requests");
    expect(
      (await headersOf(path, { "x-forwarded-proto": "https" })).get("strict-transport-security"),
    ).toMatch(/^max-age=/);
  }
});

it("a slash at the end is the same route, and QUERY is a method like another", async () => {
  await using redis = await startRedis();
  await using hookwave = await startHookwave(redis, { role: "api" });
  await using api = await startApi(hookwave);
  for (const path of ["/api/v1/webhooks", "/api/v1/events", "/healthz"])
    expect(await ask(`${api.url}${path}/`)).toMatchObject({ status: 200 });
  for (const method of ["QUERY", "PROPFIND"]) {
    const refused = await ask(`${api.url}/api/v1/webhooks/`, { method });
    expect(refused).toMatchObject({ status: 405, body: { code: "METHOD_NOT_ALLOWED" } });
    expect(refused.headers.get("allow")).toContain("POST");
  }
});
