/** Deliveries and events as a person sees them in the console, in a real browser. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, startApi } from "../support/api.ts";
import { builtConsole } from "../support/console-build.ts";
import { untilIdle } from "../support/deliveries.ts";
import { barriers, openBrowser, sitDown, WITHOUT_BROWSER } from "../support/person.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";

const DATA = '{"big":12345678901234567890,"one":1.0,"evil":"<img src=x onerror=alert(1)>\\u202e"}';

describe.skipIf(WITHOUT_BROWSER)("the console's deliveries and events", () => {
  let redis: TestRedis;
  let hookwave: TestHookwave;
  let receiver: Receiver;
  let api: Api;
  let browser: Browser;

  beforeAll(async () => {
    redis = await startRedis();
    hookwave = await startHookwave(redis);
    receiver = await startReceiver();
    api = await startApi(hookwave, { consoleFolder: await builtConsole() });
    browser = await openBrowser();
    await hookwave.endpoints.add({ id: "acme", url: receiver.url });
    await hookwave.publish({ id: "evt_1", type: "thing.done", dataText: DATA });
    await untilIdle(hookwave);
  });

  afterAll(async () => {
    await browser.close();
    await api.close();
    await receiver[Symbol.asyncDispose]();
    await hookwave.close();
    await redis[Symbol.asyncDispose]();
  });

  it("lead from the list to the event, whose data are the bytes that were published", async () => {
    await using person = await sitDown(browser, api.url);
    await person.open("deliveries?status=delivered");
    await person.page.getByRole("link", { name: "evt_1" }).click();

    await person.page.getByRole("heading", { name: "Event evt_1" }).waitFor();
    const data = person.page.locator("figure.json pre");
    // Indented from its text: what is not white space is what was published.
    expect(((await data.textContent()) ?? "").replace(/\s+(?=["}\d])|(?<=:) /g, "")).toBe(DATA);
    await person.page.getByLabel("unformatted").check();
    expect(await data.textContent()).toBe(DATA);
    expect(new URL(person.page.url()).pathname).toBe("/console/events/evt_1");
    expect(person.complaints).toEqual([]);
  });

  it("are found by an id, with the keyboard alone", async () => {
    await using person = await sitDown(browser, api.url);
    await person.open("deliveries");
    await person.page.getByRole("link", { name: "evt_1" }).waitFor();
    await person.page.keyboard.press("/");
    await person.page.keyboard.type("evt_1");
    await person.page.keyboard.press("Enter");

    await person.page.getByRole("heading", { name: "Event evt_1" }).waitFor();
    await person.page.getByRole("heading", { name: "Event evt_1" }).click();
    await person.page.keyboard.press("g");
    await person.page.keyboard.press("d");
    await person.page.getByRole("link", { name: "evt_1" }).waitFor();
    await person.page.keyboard.press("j");
    await person.page.keyboard.press("Enter");
    await person.page.waitForURL("**/console/deliveries/evt_1.acme");
    expect(person.complaints).toEqual([]);
  });

  it.each(["light", "dark"] as const)(
    "have no barrier that axe finds, %s and on a narrow screen",
    async (colorScheme) => {
      for (const viewport of [
        { width: 1280, height: 800 },
        { width: 320, height: 640 },
      ]) {
        await using person = await sitDown(browser, api.url, { colorScheme, viewport });
        for (const path of ["deliveries", "events", "events/evt_1"]) {
          await person.open(path);
          await person.page.getByText("evt_1").first().waitFor();
          expect(await barriers(person.page), path).toEqual([]);
          const width = await person.page.evaluate("document.documentElement.scrollWidth");
          expect(width, path).toBeLessThanOrEqual(viewport.width);
        }
        expect(person.complaints).toEqual([]);
      }
    },
  );
});
