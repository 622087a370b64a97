/** The console in places and with data that it did not choose: behind a path, zoomed in, and whatever was published. */
import { request as ask, createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ConsoleStage, openConsole } from "../support/console-stage.ts";
import { untilIdle } from "../support/deliveries.ts";
import { sitDown, WITHOUT_BROWSER } from "../support/person.ts";

const PREFIX = "/ops/hooks";
const DEEP = `${"[".repeat(62)}1${"]".repeat(62)}`;
const HOSTILE = `{"script":"<script>document.title='taken'</script>","turned":"\u202eabc","half":"\\ud800","deep":${DEEP},"long":"${"x".repeat(250_000)}"}`;
const PAGES = [
  "",
  "live",
  "events",
  "deliveries",
  "webhooks",
  "dead-letters",
  "replays",
  "callbacks",
  "explain",
];
const MORE_PAGES = ["migration", "settings", "settings/audit", "settings/doctor", "webhooks/acme"];

describe.skipIf(WITHOUT_BROWSER)("the console", () => {
  let stage: ConsoleStage;

  beforeAll(async () => {
    stage = await openConsole();
    const { hookwave, receiver } = stage;
    await hookwave.endpoints.add({ id: "acme", url: receiver.url });
    await hookwave.publish({ id: "evt_hostile", type: "thing.done", dataText: HOSTILE });
    await untilIdle(hookwave);
  });

  afterAll(() => stage[Symbol.asyncDispose]());

  it("works behind a proxy that puts a path in front of it, to the last page", async () => {
    await using proxy = await startProxy(stage.api.url);
    await using person = await sitDown(stage.browser, proxy.url + PREFIX);
    const { page } = person;
    await person.open("deliveries");
    await page.getByRole("link", { name: "evt_hostile" }).click();
    await page.getByRole("heading", { name: "Event evt_hostile" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Event evt_hostile" }).waitFor();
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`${PREFIX}/console/`);
    expect(person.complaints).toEqual([]);
  });

  it("shows as text whatever was published, however deep, long, turned or broken", async () => {
    await using person = await sitDown(stage.browser, stage.api.url);
    await person.open("events/evt_hostile");
    const data = person.page.locator("figure.json pre");
    await data.waitFor();
    expect(await data.textContent()).toBe(HOSTILE);
    expect(await person.page.title()).toBe("Event · Hookwave");
    expect(person.complaints).toEqual([]);
  });

  it("needs no second scroll bar at twice the size, on any page", async () => {
    // As a browser zooms: half the width in CSS pixels, each of two.
    const zoomed = { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 };
    await using person = await sitDown(stage.browser, stage.api.url, zoomed);
    for (const path of [...PAGES, ...MORE_PAGES]) {
      await person.open(path);
      await person.page.locator("main h1").waitFor();
      expect(await person.page.evaluate("document.documentElement.scrollWidth"), path).toBeLessThanOrEqual(
        640,
      );
    }
    expect(person.complaints).toEqual([]);
  });
});

/** A proxy that serves the whole service under PREFIX, and keeps the Host. */
async function startProxy(target: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    const path = (request.url ?? "").slice(PREFIX.length);
    const { method, headers } = request;
    const passed = ask(target + path, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    response.on("close", () => passed.destroy());
    request.pipe(passed);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = Object(server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
