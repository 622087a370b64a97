/** Orders and looks that a browser sends with the console's cookie: only pages of the console's own origin have their way. */
import { once } from "node:events";
import { createServer } from "node:http";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, type Api, ask, startApi } from "../support/api.ts";
import { findBrowser, INSTALL_BROWSER } from "../support/browser.ts";
import { type BuiltConsole, buildConsole, cookieOf, SESSION, signIn } from "../support/console.ts";
import { operationsOf } from "../support/openapi.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { URL_OF_NOBODY } from "../support/webhooks.ts";

const KEY = "k".repeat(40);
const WEBHOOK = "/api/v1/webhooks/default";

type Headers = Readonly<Record<string, string>>;

let redis: TestRedis;
let hookwave: TestHookwave;
let built: BuiltConsole;
let api: Api;
let cookie: string;
const requests: { readonly method: string; readonly route: string | null; readonly status: number }[] = [];
const note = (fields: object): void => void requests.push(Object(fields));

beforeAll(async () => {
  redis = await startRedis();
  hookwave = await startHookwave(redis, { role: "api", apiKey: KEY });
  built = await buildConsole();
  const logger = { debug: note, info: note, warn: note, error: note };
  api = await startApi(hookwave, { consoleFolder: built.folder, logger });
  await hookwave.endpoints.create({ id: "default", url: URL_OF_NOBODY });
  cookie = cookieOf(await signIn(api, KEY));
});

afterAll(async () => {
  await api.close();
  await hookwave.close();
  await built[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

const isActive = async (): Promise<boolean> => (await hookwave.endpoints.get("default")).isActive;
const own = (): string => new URL(api.url).origin;
const order = (path: string, headers: Headers, method = "POST"): Promise<Answer> =>
  ask(`${api.url}${path}`, { method, headers: { cookie, ...headers } });

describe("an order with the cookie", () => {
  it.each<readonly [string, () => Headers]>([
    ["that says nothing of a page", () => ({})],
    ["of a person who typed it", () => ({ "sec-fetch-site": "none" })],
    ["of the same site", () => ({ "sec-fetch-site": "same-site" })],
    ["of another site", () => ({ "sec-fetch-site": "cross-site" })],
    ["of another site with our origin", () => ({ "sec-fetch-site": "cross-site", origin: own() })],
    ["of a person with our origin", () => ({ "sec-fetch-site": "none", origin: own() })],
    ["of another origin", () => ({ origin: "https://evil.example" })],
    ["of another port", () => ({ origin: "http://127.0.0.1:1" })],
    ["of no origin that can be told", () => ({ origin: "null" })],
    ["of another origin that says it were ours", () => ({ "sec-fetch-site": "same-origin", origin: "null" })],
  ])("%s is refused and not carried out", async (_of, headersFor) => {
    const refused = await order(`${WEBHOOK}/disable`, headersFor());

    expect(refused).toMatchObject({ status: 403, body: { code: "FORBIDDEN" } });
    expect(await isActive()).toBe(true);
  });

  it("that says nothing of a page is refused by every route that changes anything, and by signing out", async () => {
    const { body: document } = await ask(`${api.url}/openapi.json`);
    // The cookie means nothing where no key does: a sender's signature counts there.
    const orders = operationsOf(document).filter(({ method, roles }) => method !== "GET" && roles.length > 0);
    expect(orders.length).toBeGreaterThan(20);
    for (const { method, path, id } of orders) {
      const refused = await order(path.replace(/\{\w+\}/g, "default"), {}, method);
      expect([id, refused.status, Object(refused.body).code]).toEqual([id, 403, "FORBIDDEN"]);
    }
    for (const method of ["POST", "DELETE"])
      expect(await order(SESSION, {}, method)).toMatchObject({ status: 403 });
    expect(await order(WEBHOOK, {}, "GET")).toMatchObject({ status: 200, body: { is_active: true } });
  });

  it.each<readonly [string, () => Headers]>([
    ["of a page of ours", () => ({ "sec-fetch-site": "same-origin" })],
    [
      "of a page of ours, in a browser that says it twice",
      () => ({ "sec-fetch-site": "same-origin", origin: own() }),
    ],
    ["of a page of ours, in a browser that tells the origin only", () => ({ origin: own() })],
  ])("%s is carried out", async (_of, headersFor) => {
    expect(await order(`${WEBHOOK}/enable`, headersFor())).toMatchObject({ status: 200 });
  });

  it("is JSON where it has a body", async () => {
    const body = JSON.stringify({ name: "forged", roles: ["admin"] });
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=a",
    ]) {
      const headers = { cookie, "sec-fetch-site": "same-origin", "content-type": type };
      const refused = await ask(`${api.url}/api/v1/keys`, { method: "POST", headers, body });
      expect(refused).toMatchObject({ status: 415, body: { code: "MEDIA_TYPE_UNSUPPORTED" } });
    }
    expect(await hookwave.keys.list()).toEqual([]);
  });
});

describe("a look with the cookie", () => {
  it("shows nothing to pages of other origins", async () => {
    for (const site of ["cross-site", "same-site", "near-by"])
      expect(await order(WEBHOOK, { "sec-fetch-site": site }, "GET")).toMatchObject({ status: 401 });
    const own = { "sec-fetch-site": "same-origin" };
    const answer = await order(WEBHOOK, own, "GET");
    expect(answer).toMatchObject({ status: 200, body: { id: "default" } });
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    expect(answer.headers.get("cross-origin-resource-policy")).toBe("same-origin");
    // A link that a person saved, and one typed into the address bar.
    expect(await order(WEBHOOK, { "sec-fetch-site": "none" }, "GET")).toMatchObject({ status: 200 });
  });
});

/** Texts, for they run in the browser. */
const SIGN_IN = `(async () => {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ key: "${KEY}" });
  const answers = [
    await fetch("${SESSION}", { method: "POST", headers, body }),
    await fetch("${WEBHOOK}"),
    await fetch("${WEBHOOK}/enable", { method: "POST" }),
  ];
  return [...answers.map(({ status }) => status), document.cookie];
})()`;

const attackOn = (url: string): string => `(async () => {
  const asked = { mode: "no-cors", credentials: "include" };
  await fetch("${url}/disable", { ...asked, method: "POST" }).catch(() => undefined);
  await fetch("${url}", asked).catch(() => undefined);
  await fetch("${url}", { credentials: "include" }).catch(() => undefined);
  await new Promise((done) => {
    const script = Object.assign(document.createElement("script"), { src: "${url}", onload: done, onerror: done });
    document.head.append(script);
  });
})()`;

it("a browser signs in on this machine over http, and serves no page but the console's", async ({ skip }) => {
  const executablePath = findBrowser();
  if (executablePath === null) return skip(`chromium is not there: ${INSTALL_BROWSER}`);
  await using stranger = await startStranger();
  const args = [
    "--no-sandbox",
    "--disable-background-networking",
    "--host-resolver-rules=MAP evil.example 127.0.0.1",
  ];
  const browser = await chromium.launch({ executablePath, args });
  try {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${api.url}/console/events`);
    await page.waitForFunction("document.title === 'ran'");
    expect(await page.evaluate(SIGN_IN)).toEqual([200, 200, 200, ""]);

    for (const host of ["evil.example", "127.0.0.1"]) {
      requests.length = 0;
      const other = await context.newPage();
      await other.goto(`http://${host}:${stranger.port}/`);
      await other.evaluate(attackOn(`${api.url}${WEBHOOK}`));
      // Without the icon that a browser looks for.
      const ofApi = requests.filter(({ route }) => route?.startsWith("/api/"));
      const [posted, ...looked] = ofApi.map(({ method, status }) => `${method} ${status}`);
      expect([host, posted, ...looked]).toEqual([host, "POST 403", "GET 401", "GET 401", "GET 401"]);
      const form = `<form method="post" action="${api.url}${WEBHOOK}/disable"></form>`;
      await other.setContent(form);
      const answered = other.waitForResponse((response) => response.url().endsWith("/disable"));
      await other.evaluate("document.forms[0].submit()");
      expect((await answered).status()).toBe(403);
      expect(await isActive()).toBe(true);
      await other.close();
    }
    expect(await page.evaluate(`fetch("${WEBHOOK}").then(({ status }) => status)`)).toBe(200);
  } finally {
    await browser.close();
  }
}, 60_000);

async function startStranger(): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "text/html").end("<!doctype html><title>evil</title>");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    port: Object(server.address()).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
