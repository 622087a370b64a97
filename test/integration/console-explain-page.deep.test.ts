/** The dry run as a person sees it in the console, in a real browser: who would get an event, who would not and why. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Api } from "../support/api.ts";
import { type ConsoleStage, openConsole } from "../support/console-stage.ts";
import { untilStatus } from "../support/deliveries.ts";
import { barriers, sitDown, WITHOUT_BROWSER } from "../support/person.ts";
import type { Receiver } from "../support/receiver.ts";
import type { TestHookwave } from "../support/service.ts";

describe.skipIf(WITHOUT_BROWSER)("the console's page that explains", () => {
  let stage: ConsoleStage;
  let hookwave: TestHookwave;
  let receiver: Receiver;
  let api: Api;
  let browser: Browser;

  beforeAll(async () => {
    stage = await openConsole();
    ({ hookwave, receiver, api, browser } = stage);
    const { url } = receiver;
    await hookwave.endpoints.add({ id: "all", url });
    await hookwave.endpoints.add({ id: "narrow", url, events: ["job.*"] });
    await hookwave.endpoints.add({ id: "removed", url });
    await hookwave.publish({ id: "evt_1", type: "thing.done", data: { n: 1 } });
    await untilStatus(hookwave, "evt_1.all", "delivered");
    await untilStatus(hookwave, "evt_1.removed", "delivered");
    await hookwave.endpoints.remove("removed");
    await hookwave.endpoints.add({ id: "late", url });
  });

  afterAll(() => stage[Symbol.asyncDispose]());

  it("says of an event who had it and why the others did not, reached from the event's page", async () => {
    await using person = await sitDown(browser, api.url);
    const { page } = person;
    await person.open("events/evt_1");
    await page.getByRole("link", { name: "Why did somebody not get it?" }).click();
    const about = (endpoint: string) => page.getByRole("listitem").filter({ hasText: endpoint });

    await about("narrow").getByText("would not be sent").waitFor();
    expect(await about("narrow").first().textContent()).toContain("not_subscribed It subscribes to job.*");
    expect(await about("all").first().textContent()).toContain("Its delivery is delivered");
    expect(await about("removed").first().textContent()).toContain("It is no webhook of today");
    await about("late").getByRole("link", { name: "Why?" }).click();
    await page.getByText("it was added later").waitFor();
    expect(new URL(page.url()).search).toBe("?event=evt_1&endpoint=late");
    expect(receiver.requests).toHaveLength(2);
    expect(person.complaints).toEqual([]);
  });

  it("says it of one that is typed in, and shows what the service refuses as it is", async () => {
    await using person = await sitDown(browser, api.url);
    const { page } = person;
    await person.open("explain");
    await page.getByText("Nothing is asked yet").waitFor();
    await page.getByLabel("or a type").fill("job.completed");
    await page.getByLabel("Its data").fill("{");
    await page.getByRole("button", { name: "Explain" }).click();
    await page.getByRole("alert").getByText("JSON").first().waitFor();
    expect(person.complaints.filter((line) => !/\b400\b/.test(line))).toEqual([]);

    await page.getByLabel("or a type").fill("thing.done");
    await page.getByLabel("Its data").fill('{"n":12345678901234567890}');
    await page.getByRole("button", { name: "Explain" }).click();
    await page.getByText("would be sent now").first().waitFor();
    expect(await page.getByText("would not be sent").count()).toBe(1);
    expect(receiver.requests).toHaveLength(2);
  });

  it.each(["light", "dark"] as const)("has no barrier that axe finds, %s and narrow", async (colorScheme) => {
    for (const viewport of [
      { width: 1280, height: 800 },
      { width: 320, height: 640 },
    ]) {
      await using person = await sitDown(browser, api.url, { colorScheme, viewport });
      await person.open("explain?event=evt_1");
      await person.page.getByText("would not be sent").first().waitFor();
      expect(await barriers(person.page)).toEqual([]);
      const width = await person.page.evaluate("document.documentElement.scrollWidth");
      expect(width).toBeLessThanOrEqual(viewport.width);
      expect(person.complaints).toEqual([]);
    }
  });
});
