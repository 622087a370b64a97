/** The console's files as they are served: which address gives what, to whom, with which headers. */
import { Agent } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, ask, startApi } from "../support/api.ts";
import { type BuiltConsole, buildConsole, PAGE, SCRIPT } from "../support/console.ts";
import { type RawRequest, sendRaw } from "../support/raw-request.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

let redis: TestRedis;
let hookwave: TestHookwave;
let built: BuiltConsole;
let api: Api;
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  redis = await startRedis();
  // The page is public where a key is asked for, too.
  hookwave = await startHookwave(redis, { role: "api", apiKey: "k".repeat(40) });
  built = await buildConsole();
  const settings = { apiTrustedProxies: ["127.0.0.0/8"] };
  api = await startApi(hookwave, { consoleFolder: built.folder, settings });
});

afterAll(async () => {
  agent.destroy();
  await api.close();
  await hookwave.close();
  await built[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

const look = (path: string, headers = {}) => ask(`${api.url}${path}`, { headers, redirect: "manual" });
const raw = (path: string, method = "GET", headers: RawRequest["headers"] = []) =>
  sendRaw(api.url, { method, path, headers }, agent, 5_000);

describe("the page", () => {
  it.each([
    ["/console/", "./"],
    ["/console/events", "./"],
    ["/console/live?type=job.*&outcome=refused", "./"],
    ["/console/events/", "../"],
    ["/console/deliveries/evt_1.default", "../"],
    ["/console/dead-letters/a%3Ab/more", "../../"],
    ["/console/index.html", "./"],
  ])("is at %s, and finds its files from there by %s", async (path, up) => {
    const page = await look(path);

    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.body).toBe(PAGE.replaceAll('"./', `"${up}`));
    const [, reference = ""] = /src="([^"]+)"/.exec(page.text) ?? [];
    for (const base of [api.url, "https://ops.example/some/hooks"]) {
      const resolved = new URL(reference, `${base}${path}`).href;
      expect(resolved).toBe(`${base}/console/assets/index-Ab12.js`);
    }
    expect(await ask(new URL(reference, `${api.url}${path}`).href)).toMatchObject({
      status: 200,
      body: SCRIPT,
    });
  });

  it("is kept by nobody, and runs nothing but its own files", async () => {
    const { headers } = await look("/console/events");

    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("content-security-policy")).toBe(POLICY);
    expect(headers.has("strict-transport-security")).toBe(false);
    const secure = await look("/console/events", { "x-forwarded-proto": "https" });
    expect(secure.headers.get("strict-transport-security")).toMatch(/^max-age=/);
    // Other pages keep theirs.
    expect((await look("/docs")).headers.get("content-security-policy")).toContain("default-src 'self'");
  });

  it("is where / leads, and /console, without knowing under which path people know them", async () => {
    for (const path of ["/", "/console", "/console?since=1h"]) {
      const led = await look(path);
      expect([path, led.status, led.headers.get("location")]).toEqual([path, 302, "console/"]);
    }
    expect(new URL("console/", "https://ops.example/hooks/console").pathname).toBe("/hooks/console/");
    expect(new URL("console/", "https://ops.example/hooks/").pathname).toBe("/hooks/console/");
  });

  it("answers HEAD as GET, without the body", async () => {
    for (const path of ["/console/", "/console/events/evt_1", "/console/assets/index-Ab12.js"]) {
      const [head, get] = [await ask(`${api.url}${path}`, { method: "HEAD" }), await look(path)];
      expect([head.status, head.text]).toEqual([200, ""]);
      for (const name of ["content-type", "content-length", "cache-control", "content-security-policy"])
        expect([path, name, head.headers.get(name)]).toEqual([path, name, get.headers.get(name)]);
    }
    const refused = await ask(`${api.url}/console/events`, { method: "POST" });
    expect(refused).toMatchObject({ status: 405, body: { code: "METHOD_NOT_ALLOWED" } });
  });
});

describe("an asset", () => {
  it("is kept for a year, since its name has a digest of it", async () => {
    const script = await look("/console/assets/index-Ab12.js");
    expect(script).toMatchObject({ status: 200, body: SCRIPT });
    expect(script.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(script.headers.get("content-type")).toMatch(/^(?:text|application)\/javascript/);
    const style = await look("/console/assets/index-Cd34.css");
    expect(style.headers.get("content-type")).toMatch(/^text\/css/);
    const known = [["if-none-match", script.headers.get("etag") ?? ""]] as const;
    expect((await raw("/console/assets/index-Ab12.js", "GET", known)).status).toBe(304);
  });

  const long = "x".repeat(300);
  it.each([
    "/console/assets/none.js",
    "/console/assets/",
    "/console/assets/deeper/index-Ab12.js",
    "/console/assets/index-Ab12.js/",
    "/console/assets/%00",
    "/console/assets/index%2dAb12.js",
    "/console/assets/..",
    "/console/assets/../secret.txt",
    "/console/assets/%2e%2e/secret.txt",
    "/console/assets/%2e%2e%2fsecret.txt",
    "/console/assets/..%5csecret.txt",
    "/console/assets/.hidden",
    `/console/assets/${long}.js`,
    "/console/%00",
    "/console/..",
    "/console/../api/v1/status",
    "/console/%2e%2e/secret.txt",
    "/console/%2E./secret.txt",
    "/console/events/%2f",
    "/console/events/a%5Cb",
    "/console/events//evt_1",
    "/console//",
    `/console/${long}`,
  ])("and the page are not at %s", async (path) => {
    for (const method of ["GET", "HEAD"]) {
      const { status, type, text } = await raw(path, method);
      expect([status, type]).toEqual([404, expect.stringMatching(/^application\/problem\+json/)]);
      if (method === "GET") expect(JSON.parse(text)).toMatchObject({ code: "ROUTE_UNKNOWN" });
    }
  });
});

describe("the console", () => {
  it("that is not built says how to build it, and leaves the rest alone", async () => {
    await using other = await startApi(hookwave, { consoleFolder: new URL("none/", built.folder) });
    for (const path of ["/console/", "/console/events"]) {
      const refused = await ask(`${other.url}${path}`);
      expect(refused).toMatchObject({
        status: 404,
        body: { code: "ROUTE_UNKNOWN", remedy: expect.stringContaining("npm run build") },
      });
      expect(refused.headers.get("content-type")).toMatch(/^application\/problem\+json/);
    }
    expect(await ask(`${other.url}/console/assets/index-Ab12.js`)).toMatchObject({ status: 404 });
    expect(await ask(`${other.url}/healthz`)).toMatchObject({ status: 200 });
  });

  it("can be switched off, with its sessions; / is the docs then, or nothing", async () => {
    const consoleFolder = built.folder;
    await using off = await startApi(hookwave, { consoleFolder, settings: { console: false } });
    for (const path of ["/console", "/console/", "/console/events", "/console/session"])
      expect([path, (await ask(`${off.url}${path}`)).status]).toEqual([path, 404]);
    const start = await ask(`${off.url}/`, { redirect: "manual" });
    expect([start.status, start.headers.get("location")]).toEqual([302, "docs"]);
    expect(await ask(`${off.url}/`)).toMatchObject({ status: 200 });
    await using bare = await startApi(hookwave, {
      consoleFolder,
      settings: { console: false, apiDocs: false },
    });
    expect(await ask(`${bare.url}/`)).toMatchObject({ status: 404 });
  });
});
