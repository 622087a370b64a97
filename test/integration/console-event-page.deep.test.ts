/** One event as a person sees it in the console, in a real browser: compared with another, and published as an edited copy. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Api } from "../support/api.ts";
import { type ConsoleStage, openConsole } from "../support/console-stage.ts";
import { untilIdle, untilStatus } from "../support/deliveries.ts";
import { barriers, sitDown, WITHOUT_BROWSER } from "../support/person.ts";
import type { Receiver } from "../support/receiver.ts";
import type { TestHookwave } from "../support/service.ts";

describe.skipIf(WITHOUT_BROWSER)("the console's page of one event", () => {
  let stage: ConsoleStage;
  let hookwave: TestHookwave;
  let receiver: Receiver;
  let api: Api;
  let browser: Browser;

  beforeAll(async () => {
    stage = await openConsole();
    ({ hookwave, receiver, api, browser } = stage);
    await hookwave.endpoints.add({ id: "acme", url: receiver.url });
    const rows = Array.from({ length: 20 }, (_, nth) => `{"row":${nth}}`).join(",");
    const dataText = (n: string) => `{"n":${n},"evil":"<img src=x onerror=alert(1)>","rows":[${rows}]}`;
    await hookwave.publish({ id: "evt_1", type: "thing.done", dataText: dataText("12345678901234567890") });
    await hookwave.publish({ id: "evt_2", type: "thing.done", dataText: dataText("12345678901234567891") });
    await untilIdle(hookwave);
  });

  afterAll(() => stage[Symbol.asyncDispose]());

  it("compares its data with those of another event, line by line", async () => {
    await using person = await sitDown(browser, api.url);
    const { page } = person;
    await person.open("events/evt_2");
    await page.getByLabel("with those of the event").fill("evt_1");
    await page.getByRole("button", { name: "Compare" }).click();
    await page.getByText("1 line removed, 1 added.").waitFor();
    expect(new URL(page.url()).search).toBe("?against=evt_1");
    expect(await page.locator(".diff del").textContent()).toBe('-   "n": 12345678901234567890,\n');
    expect(await page.locator(".diff ins").textContent()).toBe('+   "n": 12345678901234567891,\n');
    await page.getByText(/… \d+ lines the same …/).waitFor();
    expect(person.complaints).toEqual([]);
  });

  it("is published once more in other words, under an id that says so", async () => {
    await using person = await sitDown(browser, api.url);
    const { page } = person;
    await person.open("events/evt_1");
    await page.getByRole("button", { name: "Publish an edited copy" }).click();
    const data = page.getByLabel("Its data (JSON)");
    expect(await data.inputValue()).toContain('"n": 12345678901234567890,');
    // Alone it is no JSON, though it would be some within an event.
    for (const wrong of ["{", '1,"type":"other.done"']) {
      await data.fill(wrong);
      await page.getByRole("button", { name: "Publish the copy" }).click();
      await page.getByRole("alert").waitFor();
    }
    await data.fill('{"n":98765432109876543210}');
    await page.getByRole("button", { name: "Publish the copy" }).click();
    await page.getByText(/Published as evt_1_edited_/).waitFor();

    const [copy] = (await receiver.received(3)).slice(2);
    expect(String(copy?.headers["webhook-id"])).toMatch(/^evt_1_edited_[0-9a-z]+$/);
    expect(String(copy?.body)).toContain('{"n":98765432109876543210}');
    await untilStatus(hookwave, `${String(copy?.headers["webhook-id"])}.acme`, "delivered");
    await page.getByRole("link", { name: "View details" }).click();
    await page.getByText(/lines? removed/).waitFor();
    expect(person.complaints.filter((line) => !/\b400\b/.test(line))).toEqual([]);
  });

  it.each(["light", "dark"] as const)("has no barrier that axe finds, %s and narrow", async (colorScheme) => {
    for (const viewport of [
      { width: 1280, height: 800 },
      { width: 320, height: 640 },
    ]) {
      await using person = await sitDown(browser, api.url, { colorScheme, viewport });
      await person.open("events/evt_2?against=evt_1");
      await person.page.locator(".diff").waitFor();
      expect(await barriers(person.page)).toEqual([]);
      const width = await person.page.evaluate("document.documentElement.scrollWidth");
      expect(width).toBeLessThanOrEqual(viewport.width);
      await person.page.getByRole("button", { name: "Publish an edited copy" }).click();
      expect(await barriers(person.page)).toEqual([]);
      expect(person.complaints).toEqual([]);
    }
  });
});
