/** Orders that a browser passes on for a page of somebody else (CSRF), by the headers that it sends with them. */
import { Agent } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, ask, startApi } from "../support/api.ts";
import { findBrowser, INSTALL_BROWSER, runPage } from "../support/browser.ts";
import { operationsOf } from "../support/openapi.ts";
import { type RawAnswer, sendRaw } from "../support/raw-request.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { URL_OF_NOBODY } from "../support/webhooks.ts";

const TOKEN = "k".repeat(40);
const DISABLE = "/api/v1/webhooks/default/disable";
const PUBLIC_URL = "https://hooks.example/";

type Headers = Readonly<Record<string, string>>;

let redis: TestRedis;
let hookwave: TestHookwave;
let guarded: TestHookwave;
/** Asks for no key. */
let open: Api;
let closed: Api;
const agent = new Agent({ keepAlive: true });
/** Of requests that the open one has answered. */
const statuses: unknown[] = [];
const note = (fields: object): void => void statuses.push(Object(fields).status);

beforeAll(async () => {
  redis = await startRedis();
  hookwave = await startHookwave(redis, { role: "api" });
  guarded = await startHookwave(redis, { role: "api", apiKey: TOKEN });
  open = await startApi(hookwave, { logger: { debug: note, info: note, warn: note, error: note } });
  closed = await startApi(guarded, { settings: { apiUrl: PUBLIC_URL } });
  await hookwave.endpoints.create({ id: "default", url: URL_OF_NOBODY });
});

afterAll(async () => {
  agent.destroy();
  await open.close();
  await closed.close();
  await hookwave.close();
  await guarded.close();
  await redis[Symbol.asyncDispose]();
});

const order = (api: Api, path: string, headers: Headers, method = "POST"): Promise<RawAnswer> =>
  sendRaw(api.url, { method, path, headers: Object.entries(headers) }, agent, 5_000);

const codeOf = ({ text }: RawAnswer): unknown => Object(JSON.parse(text)).code;
const originOf = (api: Api): string => new URL(api.url).origin;
const portOf = (api: Api): string => new URL(api.url).port;
const isActive = async (): Promise<boolean> => (await hookwave.endpoints.get("default")).isActive;

const FOREIGN: readonly (readonly [string, (api: Api) => Headers])[] = [
  ["another site", () => ({ origin: "https://evil.example", "sec-fetch-site": "cross-site" })],
  ["another site, of which only the origin is told", () => ({ origin: "https://evil.example" })],
  ["another site, of which only that is told", () => ({ "sec-fetch-site": "cross-site" })],
  ["another port of this machine", () => ({ origin: "http://127.0.0.1:1" })],
  ["the same site, but not this one", () => ({ "sec-fetch-site": "same-site" })],
  ["no origin that can be told", () => ({ origin: "null" })],
  ["an empty origin", () => ({ origin: "" })],
  ["the same name with another scheme", (api) => ({ origin: originOf(api).replace("http:", "https:") })],
  ["the same name with another port", () => ({ origin: "http://127.0.0.1" })],
  ["another name of this machine", (api) => ({ origin: `http://localhost:${portOf(api)}` })],
  ["a name that only begins like ours", (api) => ({ origin: `${originOf(api)}.evil.example` })],
  ["ours as a user of another", (api) => ({ origin: `${originOf(api)}@evil.example` })],
  ["two, one of which is ours", (api) => ({ origin: `${originOf(api)}, https://evil.example` })],
  ["ours, but sent from another site", (api) => ({ origin: originOf(api), "sec-fetch-site": "cross-site" })],
  ["a word that nobody knows yet", () => ({ "sec-fetch-site": "near-by" })],
  [
    "a name that only a proxy claims",
    () => ({ origin: "http://evil.example", "x-forwarded-host": "evil.example" }),
  ],
];

describe("an order of a page of", () => {
  it.each(FOREIGN)("%s is refused, key or no key, and not carried out", async (_of, headersFor) => {
    for (const [api, key] of [
      [open, {}],
      [closed, { authorization: `Bearer ${TOKEN}` }],
    ] as const) {
      const refused = await order(api, DISABLE, { ...headersFor(api), ...key });

      expect(refused.status).toBe(403);
      expect(refused.type).toMatch(/^application\/problem\+json/);
      expect(codeOf(refused)).toBe("FORBIDDEN");
    }
    expect(await isActive()).toBe(true);
  });

  it("another site is refused by every route that changes anything", async () => {
    const { body: document } = await ask(`${open.url}/openapi.json`);
    const orders = operationsOf(document).filter(({ method, roles }) => method !== "GET" && roles.length > 0);
    expect(orders.length).toBeGreaterThan(20);

    for (const { method, path, id } of orders) {
      const filled = path.replace(/\{\w+\}/g, "default");
      const refused = await order(open, filled, { origin: "https://evil.example" }, method);
      expect([id, refused.status, codeOf(refused)]).toEqual([id, 403, "FORBIDDEN"]);
    }
    expect(await isActive()).toBe(true);
  });
});

describe("an order is carried out", () => {
  const enable = DISABLE.replace("disable", "enable");

  it.each<readonly [string, (api: Api) => Headers]>([
    ["of a page of ours", (api) => ({ origin: originOf(api), "sec-fetch-site": "same-origin" })],
    ["of a person", () => ({ "sec-fetch-site": "none" })],
    ["of no page at all", () => ({})],
    [
      "of a page of ours behind a proxy that ends TLS",
      (api) => ({
        origin: originOf(api).replace("http:", "https:"),
        "x-forwarded-proto": "https",
      }),
    ],
  ])("%s", async (_of, headersFor) => {
    expect((await order(open, enable, headersFor(open))).status).toBe(200);
  });

  it("of a page of the public URL", async () => {
    const headers = { authorization: `Bearer ${TOKEN}`, origin: "https://hooks.example" };
    expect((await order(closed, enable, headers)).status).toBe(200);
    const other = { ...headers, origin: "http://hooks.example" };
    expect((await order(closed, enable, other)).status).toBe(403);
  });
});

it("nothing is refused to a page that only looks, for it is given no answer to read", async () => {
  const looked = await ask(`${open.url}/api/v1/webhooks`, { headers: { origin: "https://evil.example" } });

  expect(looked.status).toBe(200);
  expect(looked.headers.get("access-control-allow-origin")).toBeNull();
});

it("a browser's page of somebody else changes nothing, under its own name or a rebound one", async ({
  skip,
}) => {
  const browser = findBrowser();
  if (browser === null) return skip(`chromium is not there: ${INSTALL_BROWSER}`);
  const orders = ["disable", "rotate-secret", "test"].map((one) => DISABLE.replace("disable", one));
  const [direct, rebound] = [open.url, `http://evil.example:${portOf(open)}`];
  const script = `
    for (const base of ${JSON.stringify([direct, rebound])})
      for (const path of ${JSON.stringify(orders)})
        await fetch(base + path, { method: "POST", mode: "no-cors" }).catch(() => undefined);
    await fetch("/done");
  `;
  const before = await hookwave.endpoints.get("default");
  const flags = ["--host-resolver-rules=MAP evil.example 127.0.0.1"];

  statuses.length = 0;
  await runPage(browser, script, { host: "evil.example", flags });

  expect(statuses).toEqual(Array(6).fill(403));
  expect(await hookwave.endpoints.get("default")).toEqual(before);
}, 60_000);
