/** The migration as a person sees and switches it in the console, in a real browser. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Api } from "../support/api.ts";
import { type BusConsumer, listenToBus, registered } from "../support/bus.ts";
import { type ConsoleStage, openConsole } from "../support/console-stage.ts";
import { barriers, complaintsBeside, sitDown, WITHOUT_BROWSER } from "../support/person.ts";
import type { Receiver } from "../support/receiver.ts";
import type { TestHookwave } from "../support/service.ts";
import { until } from "../support/until.ts";

describe.skipIf(WITHOUT_BROWSER)("the console's migration", () => {
  let stage: ConsoleStage;
  let hookwave: TestHookwave;
  let receiver: Receiver;
  let bus: BusConsumer;
  let api: Api;
  let browser: Browser;

  beforeAll(async () => {
    stage = await openConsole({ redisFallbackAfterMs: 1_000 });
    ({ hookwave, receiver, api, browser } = stage);
    await hookwave.endpoints.add({ id: "default", url: receiver.url });
    bus = await listenToBus(stage.redis.url);
  });

  afterAll(async () => {
    await bus[Symbol.asyncDispose]();
    await stage[Symbol.asyncDispose]();
  });

  it("is switched for a while with a reason, and not left undecided about what was kept", async () => {
    await using person = await sitDown(browser, api.url);
    await person.open("migration");
    const { page } = person;
    const dialog = page.getByRole("dialog");
    const begin = page.getByRole("button", { name: "Switch the phase" }).first();
    const confirm = dialog.getByRole("button", { name: "Switch the phase" });
    await page.getByText("nobody has set it").waitFor();
    await begin.click();
    await dialog.getByLabel("Phase").selectOption("redis");
    await dialog.getByLabel("For", { exact: true }).fill("soon");
    await dialog.getByLabel("Because").fill("rehearsal");
    await confirm.click();
    await dialog.locator(".flaw", { hasText: "expected a duration" }).waitFor();
    await dialog.getByLabel("For", { exact: true }).fill("30m");
    await confirm.click();
    await page.getByText("and webhook comes back").first().waitFor();
    await page.getByText("the bus alone; webhooks are kept").first().waitFor();
    expect(await hookwave.migration.status()).toMatchObject({
      phase: "redis",
      stand: { reason: "rehearsal" },
    });

    await hookwave.publish(registered("evt_kept"));
    await until("its webhook is kept", async () => (await hookwave.migration.status()).backlog === 1);
    await begin.click();
    await dialog.getByLabel("Phase").selectOption("dual");
    await confirm.click();
    await dialog.getByText("MIGRATION_REFUSED").waitFor();
    await dialog.getByLabel("Webhooks that were kept").selectOption("deliver");
    await confirm.click();
    await page.getByText("every event goes both ways").first().waitFor();
    await receiver.received(1);
    expect(await hookwave.migration.status()).toMatchObject({ phase: "dual" });
    await page.getByRole("listitem").filter({ hasText: "redis → dual" }).waitFor();
    expect(complaintsBeside(person, 400, 409)).toEqual([]);
  });

  it("says whether the next step is safe, by what the URL asks", async () => {
    await using person = await sitDown(browser, api.url);
    await person.open("migration?min_events=7");
    await person.page.getByText("unsafe", { exact: true }).waitFor();
    await person.page.getByRole("listitem").filter({ hasText: "7" }).first().waitFor();
    await person.page.getByLabel("Looking back").fill("2h");
    await person.page.keyboard.press("Tab");
    await person.page.waitForURL(/since=2h/);
    expect(person.complaints).toEqual([]);
  });

  it.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 320],
  ] as const)("has no barrier that axe finds, %s, %i px wide", async (colorScheme, width) => {
    await using person = await sitDown(browser, api.url, { colorScheme, viewport: { width, height: 800 } });
    await person.open("migration");
    await person.page.getByText("unsafe", { exact: true }).waitFor();
    expect(await barriers(person.page)).toEqual([]);
    expect(await person.page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    expect(person.complaints).toEqual([]);
  });
});
