/** The live tail as a person watches it in the console, in a real browser. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Api } from "../support/api.ts";
import { type ConsoleStage, openConsole } from "../support/console-stage.ts";
import { barriers, type Person, sitDown, WITHOUT_BROWSER } from "../support/person.ts";
import type { Receiver } from "../support/receiver.ts";
import type { TestHookwave } from "../support/service.ts";

describe.skipIf(WITHOUT_BROWSER)("the console's live tail", () => {
  let stage: ConsoleStage;
  let hookwave: TestHookwave;
  let receiver: Receiver;
  let api: Api;
  let browser: Browser;

  beforeAll(async () => {
    stage = await openConsole();
    ({ hookwave, receiver, api, browser } = stage);
    await hookwave.endpoints.add({ id: "acme", url: receiver.url, retrySchedule: [100] });
    await hookwave.endpoints.add({ id: "other", url: receiver.url, events: ["other.done"] });
  });

  afterAll(() => stage[Symbol.asyncDispose]());

  const publish = (id: string, type = "thing.done") => hookwave.publish({ id, type, data: {} });

  /** Opens it, and waits until nothing that is published from now on can be missed. */
  const watch = async ({ open, page }: Person, query = ""): Promise<void> => {
    await open(`live${query}`);
    await page.getByRole("status").getByText("live", { exact: true }).waitFor();
  };

  it("shows an attempt that fails as it is made, and the one that then gets through above it", async () => {
    await using person = await sitDown(browser, api.url);
    receiver.replies(503, 200);
    await watch(person);
    await publish("evt_1");

    const rows = person.page.getByRole("row").filter({ hasText: "evt_1.acme" });
    await rows.nth(1).waitFor();
    expect(await rows.nth(1).innerText()).toMatch(/refused\s+503\s+evt_1\.acme\s+thing\.done\s+acme\s+1/);
    expect(await rows.nth(0).innerText()).toMatch(/delivered\s+200\s+evt_1\.acme\s+thing\.done\s+acme\s+2/);
    await person.page.getByText("2 attempts came, 2 shown").waitFor();
    expect(person.complaints).toEqual([]);
  });

  it("stands still while it is paused, counts what comes, and shows it when it goes on", async () => {
    await using person = await sitDown(browser, api.url);
    const { page } = person;
    await watch(person);
    await publish("evt_2");
    await page.getByRole("link", { name: "evt_2.acme" }).waitFor();
    await page.keyboard.press("Space");
    await page.getByRole("status").getByText("paused").waitFor();
    await publish("evt_3");
    await publish("evt_4");
    await page.getByText("2 came since").waitFor();
    expect(await page.getByRole("link", { name: "evt_3.acme" }).count()).toBe(0);

    // With the button, which the space bar presses, too, and once.
    await page.getByRole("button", { name: "Go on" }).focus();
    await page.keyboard.press("Space");
    await page.getByRole("link", { name: "evt_4.acme" }).waitFor();
    await page.getByText("3 attempts came, 3 shown").waitFor();
    expect(person.complaints).toEqual([]);
  });

  it("is narrowed by the service to what its address says", async () => {
    await using person = await sitDown(browser, api.url);
    const { page } = person;
    await watch(person, "?endpoint=other");
    await publish("evt_5");
    await publish("evt_6", "other.done");
    await page.getByRole("link", { name: "evt_6.other" }).waitFor();
    await page.getByText("1 attempt came, 1 shown").waitFor();

    await page.getByLabel("Outcome").selectOption("refused");
    await page.waitForURL("**/console/live?endpoint=other&outcome=refused");
    await page.getByText("0 attempts came").waitFor();
    expect(person.complaints).toEqual([]);
  });

  it("says why it may not watch, and goes on when it may", async () => {
    await using person = await sitDown(browser, api.url);
    const { page } = person;
    await page.route("**/api/v1/live", (route) => route.fulfill({ status: 502, body: "no upstream" }), {
      times: 2,
    });
    await person.open("live");
    await page.getByRole("alert").getByText("HTTP 502").waitFor();
    await page.getByRole("status").getByText("live", { exact: true }).waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  it.each(["light", "dark"] as const)(
    "has no barrier that axe finds, %s and on a narrow screen",
    async (colorScheme) => {
      for (const viewport of [
        { width: 1280, height: 800 },
        { width: 320, height: 640 },
      ]) {
        await using person = await sitDown(browser, api.url, { colorScheme, viewport });
        await watch(person);
        await publish(`evt_${colorScheme}_${viewport.width}`);
        await person.page.getByText(`evt_${colorScheme}_${viewport.width}.acme`).waitFor();
        expect(await barriers(person.page)).toEqual([]);
        const width = await person.page.evaluate("document.documentElement.scrollWidth");
        expect(width).toBeLessThanOrEqual(viewport.width);
        expect(person.complaints).toEqual([]);
      }
    },
  );
});
