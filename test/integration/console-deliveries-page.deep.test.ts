/** Deliveries and events as a person sees them in the console, in a real browser. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Api } from "../support/api.ts";
import { type ConsoleStage, openConsole } from "../support/console-stage.ts";
import { untilIdle } from "../support/deliveries.ts";
import { barriers, sitDown, WITHOUT_BROWSER } from "../support/person.ts";
import type { Receiver } from "../support/receiver.ts";
import type { TestHookwave } from "../support/service.ts";
import { until } from "../support/until.ts";

const DATA = '{"big":12345678901234567890,"one":1.0,"evil":"<img src=x onerror=alert(1)>\\u202e"}';

describe.skipIf(WITHOUT_BROWSER)("the console's deliveries and events", () => {
  let stage: ConsoleStage;
  let hookwave: TestHookwave;
  let receiver: Receiver;
  let api: Api;
  let browser: Browser;

  beforeAll(async () => {
    stage = await openConsole();
    ({ hookwave, receiver, api, browser } = stage);
    await hookwave.endpoints.add({ id: "acme", url: receiver.url });
    await hookwave.publish({ id: "evt_1", type: "thing.done", dataText: DATA });
    await untilIdle(hookwave);
  });

  afterAll(() => stage[Symbol.asyncDispose]());

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

  it("are found by a delivery's id, and an id that nothing has is said to be nobody's", async () => {
    await using person = await sitDown(browser, api.url);
    const { page } = person;
    await person.open("events");
    const find = async (id: string): Promise<void> => {
      await page.getByLabel("Find by id").fill(id);
      await page.keyboard.press("Enter");
    };
    await find("evt_1.acme");
    await page.getByRole("heading", { name: "Delivery evt_1.acme" }).waitFor();
    for (const nobody of ["evt_1.nobody", "nobody", "ev t", "a.b.c", "x".repeat(300)]) {
      await find(nobody);
      await page.getByText(`Nothing here has the id ${nobody.slice(0, 80)}`).waitFor();
    }
    expect(new URL(page.url()).pathname).toBe("/console/deliveries/evt_1.acme");
    // Those are the answers that there is none.
    expect(person.complaints.filter((line) => !/\b40[04]\b/.test(line))).toEqual([]);
  });

  it("are narrowed down by their events' type, as a link has it", async () => {
    await using person = await sitDown(browser, api.url);
    await person.open("deliveries?type=other.*");
    await person.page.getByText("No delivery matches").waitFor();
    await person.page.getByLabel("Type").fill("thing.*");
    await person.page.keyboard.press("Enter");
    await person.page.getByRole("link", { name: "evt_1" }).waitFor();
    expect(new URL(person.page.url()).searchParams.get("type")).toBe("thing.*");
    expect(person.complaints).toEqual([]);
  });

  it("are narrowed down by time, in the viewer's zone", async () => {
    await using person = await sitDown(browser, api.url, { timezoneId: "America/New_York" });
    const { page } = person;
    await person.open("deliveries");
    await page.getByRole("link", { name: "evt_1" }).waitFor();
    await page.getByLabel("Until").fill("2020-01-31T07:00");
    await page.getByText("No delivery matches").waitFor();
    expect(new URL(page.url()).searchParams.get("until")).toBe("2020-01-31T12:00:00.000Z");
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByLabel("Since").fill("2020-01-31T07:00");
    await page.waitForURL("**/deliveries?since=2020-01-31T12*");
    await page.getByRole("link", { name: "evt_1" }).waitFor();
    await page.reload();
    expect(await page.getByLabel("Since").inputValue()).toBe("2020-01-31T07:00");
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

  it("are drawn as one comes near, and read on before one comes to the end", async () => {
    const many = Array.from({ length: 150 }, (_, n) => ({
      id: `evt_many_${n}`,
      type: "many.done",
      data: {},
    }));
    await hookwave.publishMany(many);
    await untilIdle(hookwave);
    await using person = await sitDown(browser, api.url);
    const { page } = person;
    await person.open("deliveries?type=many.*");
    const isDrawn = async (row: number) =>
      (await page.locator(`tbody tr[aria-rowindex="${row + 1}"]`).count()) === 1;
    await page.getByText("100 shown").waitFor();
    await until("the first row is drawn", () => isDrawn(1));
    expect(await isDrawn(90), "of the same page, and far away").toBe(false);

    await page.mouse.move(600, 600);
    await page.mouse.wheel(0, 1_200);
    await page.getByText("150 shown").waitFor();
    expect(
      await page.getByText("150 shown").evaluate((line) => line.getBoundingClientRect().top),
    ).toBeGreaterThan(800);
    await until("the 90th is drawn", () => isDrawn(90));
    expect(person.complaints).toEqual([]);
  });

  it("are kept in the document around what is seen only, and j finds back to the chosen one", async () => {
    const many = Array.from({ length: 400 }, (_, n) => ({ id: `evt_far_${n}`, type: "far.done", data: {} }));
    await hookwave.publishMany(many);
    await untilIdle(hookwave);
    await using person = await sitDown(browser, api.url);
    const { page } = person;
    await person.open("deliveries?type=far.*");
    const nth = (row: number) => page.locator(`tbody tr[aria-rowindex="${row + 1}"]`);
    await nth(1).waitFor();
    const table = page.getByRole("table", { name: "deliveries" });
    await page.mouse.move(600, 600);
    await until("all of them are read", async () => {
      await page.mouse.wheel(0, 4_000);
      return (await table.getAttribute("aria-rowcount")) === "401";
    });
    await page.keyboard.press("Home");
    await nth(1).getByRole("link").first().focus();
    await page.keyboard.press("End");
    await nth(400).waitFor();
    await until("most of them are but a place", async () => (await table.locator("tbody").count()) < 10);
    expect(await nth(1).evaluate((row) => row.matches(":focus-within")), "has the focus").toBe(true);
    expect(await nth(200).count(), "is far away").toBe(0);
    await page.evaluate("document.activeElement.blur(), scrollBy(0, -5)");
    const height = () => table.evaluate((one) => one.getBoundingClientRect().height);
    await until("the first is but a place", async () => (await nth(1).count()) === 0);
    const before = await height();

    await page.keyboard.press("j");
    await until("the first is chosen", () =>
      nth(1).evaluate((row) => row.matches(":focus-within") && row.getBoundingClientRect().top > 0),
    );
    await until("the last is but a place", async () => (await nth(400).count()) === 0);
    // Less than a row: a group that was never drawn has the height that its rows have as a rule.
    expect(Math.abs((await height()) - before)).toBeLessThan(32);
    expect(person.complaints).toEqual([]);
  });
});
