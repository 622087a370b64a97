/** The overview as a person sees it in the console, in a real browser. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Api } from "../support/api.ts";
import { type ConsoleStage, openConsole } from "../support/console-stage.ts";
import { barriers, sitDown, WITHOUT_BROWSER } from "../support/person.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import type { TestHookwave } from "../support/service.ts";
import { until } from "../support/until.ts";

describe.skipIf(WITHOUT_BROWSER)("the console's overview", () => {
  let stage: ConsoleStage;
  let hookwave: TestHookwave;
  let bad: Receiver;
  let api: Api;
  let browser: Browser;

  beforeAll(async () => {
    stage = await openConsole();
    ({ hookwave, api, browser } = stage);
    bad = await startReceiver(503);
    await hookwave.endpoints.add({ id: "well", url: stage.receiver.url });
    await hookwave.endpoints.add({
      id: "ill",
      url: bad.url,
      events: ["thing.lost"],
      retrySchedule: [60_000],
    });
    await hookwave.endpoints.add({ id: "lost", url: bad.url, events: ["thing.gone"], retrySchedule: [] });
    await hookwave.publish({ id: "evt_1", type: "thing.lost", data: {} });
    await hookwave.publish({ id: "evt_2", type: "thing.gone", data: {} });
    await until("one waits and one is given up", async () => {
      const { retrying, dead } = await hookwave.queueCounts();
      return retrying.depth === 1 && dead.depth === 1;
    });
  });

  afterAll(async () => {
    await bad[Symbol.asyncDispose]();
    await stage[Symbol.asyncDispose]();
  });

  it("says what waits, what was given up, and which endpoints fail and why", async () => {
    await using person = await sitDown(browser, api.url);
    const { page } = person;
    await person.open("");
    const endpoints = page.getByRole("region", { name: "Endpoints" });
    const ill = endpoints.getByRole("listitem").filter({ hasText: "ill" });
    await ill.getByText("HTTP 503").waitFor();

    expect(await ill.innerText()).toMatch(
      /failing\s+ill\s+HTTP 503\s+began to fail .+ ago · 1 delivery waits/,
    );
    expect(await endpoints.getByRole("link", { name: "well" }).count()).toBe(0);
    expect(await page.locator(".tile").allInnerTexts()).toEqual([
      expect.stringMatching(/^New\s+0/),
      expect.stringMatching(/^Trying again\s+1\s+the oldest for/),
      expect.stringMatching(/^Dead letters\s+1\s+the oldest is/),
      expect.stringMatching(/^First attempt p95\s+[\d.]+ m?s/),
    ]);
    const changes = page.getByRole("region", { name: "Changes" });
    expect(await changes.getByRole("listitem").count()).toBe(3);
    expect(person.complaints).toEqual([]);
  });

  it("draws what the last hour was like, and says it in words and in a table", async () => {
    await using person = await sitDown(browser, api.url);
    const { page } = person;
    await person.open("");
    await page.locator(".drawing svg").waitFor();
    const hour = page.getByRole("figure").filter({ hasText: "The last hour" });
    expect(await hour.innerText()).toMatch(/2 delivered\s+2 attempts failed\s+1 given up/);
    await page.getByText("By the minute").click();
    const rows = await hour.getByRole("row").allInnerTexts();
    const figures = rows.slice(1).map((row) => row.split(/\s+/).slice(1, 4).map(Number));
    const sums = [0, 1, 2].map((at) => figures.reduce((sum, row) => sum + (row[at] ?? 0), 0));
    expect(sums).toEqual([2, 2, 1]);
    expect(await page.locator(".drawing polyline").count()).toBe(2);
    expect(person.complaints).toEqual([]);
  });

  it("shows attempts as they are made, and what has changed since it was opened", async () => {
    await using person = await sitDown(browser, api.url);
    const { page } = person;
    await person.open("");
    await page.getByText("attempts appear here as they are made").waitFor();
    await hookwave.publish({ id: "evt_3", type: "thing.lost", data: {} });
    await page.getByText("the last 2 attempts: 1 delivered, 1 not").waitFor();
    await page.getByRole("link", { name: "Trying again 2" }).waitFor();

    await page.keyboard.press("g");
    await page.keyboard.press("l");
    await page.getByRole("heading", { name: "Live" }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("o");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    expect(person.complaints).toEqual([]);
  });

  it.each(["light", "dark"] as const)(
    "has no barrier that axe finds, %s and on a narrow screen",
    async (colorScheme) => {
      for (const viewport of [
        { width: 1280, height: 800 },
        { width: 320, height: 640 },
      ]) {
        await using person = await sitDown(browser, api.url, { colorScheme, viewport });
        await person.open("");
        await person.page.getByText("HTTP 503").first().waitFor();
        await person.page.getByText("attempts appear here").waitFor();
        await person.page.locator(".drawing svg").waitFor();
        expect(await barriers(person.page)).toEqual([]);
        const width = await person.page.evaluate("document.documentElement.scrollWidth");
        expect(width).toBeLessThanOrEqual(viewport.width);
        expect(person.complaints).toEqual([]);
      }
    },
  );
});
