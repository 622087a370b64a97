/** Keys, the audit log and the doctor as a person sees them in the console, in a real browser. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, ask } from "../support/api.ts";
import { type ConsoleStage, openConsole } from "../support/console-stage.ts";
import { barriers, complaintsBeside, type Person, sitDown, WITHOUT_BROWSER } from "../support/person.ts";
import type { Receiver } from "../support/receiver.ts";
import type { TestHookwave } from "../support/service.ts";

describe.skipIf(WITHOUT_BROWSER)("the console's settings", () => {
  let stage: ConsoleStage;
  let hookwave: TestHookwave;
  let receiver: Receiver;
  let api: Api;
  let browser: Browser;
  let token: string;

  beforeAll(async () => {
    stage = await openConsole();
    ({ hookwave, receiver, api, browser } = stage);
    await hookwave.endpoints.add({ id: "acme", url: receiver.url });
    await hookwave.endpoints.amend("acme", { description: "<i>of ACME</i>" });
    token = (await hookwave.keys.create({ name: "ann", roles: ["admin"] })).token;
  });

  afterAll(() => stage[Symbol.asyncDispose]());

  const openAs = async (person: Person, path: string, key = token): Promise<void> => {
    await person.open(path);
    await person.page.getByLabel("API key").fill(key);
    await person.page.getByRole("button", { name: "Sign in" }).click();
    await person.page.getByRole("heading", { name: "Settings" }).waitFor();
  };

  it("make a key whose token is shown once, and revoke it", async () => {
    await using person = await sitDown(browser, api.url);
    await openAs(person, "settings");
    const { page } = person;
    const dialog = page.getByRole("dialog");
    await page.getByRole("button", { name: "Make a key" }).click();
    await dialog.getByLabel("Name").fill("bob");
    await dialog.getByLabel("read: see everything").uncheck();
    await dialog.getByRole("button", { name: "Make a key" }).click();
    await dialog.locator(".flaw").waitFor();
    await dialog.getByLabel("read: see everything").check();
    await dialog.getByRole("button", { name: "Make a key" }).click();
    const made = (await dialog.locator(".secret code").textContent()) ?? "";
    expect(made).toMatch(/^hw_live_/);
    await dialog.getByRole("button", { name: "Done" }).click();
    const looksWith = async (key: string) =>
      (await ask(`${api.url}/api/v1/webhooks`, { headers: { authorization: `Bearer ${key}` } })).status;
    expect(await looksWith(made)).toBe(200);

    const row = page.getByRole("row").filter({ hasText: "bob" });
    await row.getByText("read").waitFor();
    expect(await page.content(), "it is shown this once").not.toContain(made);
    await row.getByRole("button", { name: "Revoke" }).click();
    await dialog.getByRole("button", { name: "Revoke" }).click();
    await row.waitFor({ state: "detached" });
    expect(await looksWith(made)).toBe(401);
    expect(complaintsBeside(person, 400)).toEqual([]);
  });

  it("show who changed what, from what to what, as text", async () => {
    await using person = await sitDown(browser, api.url);
    await openAs(person, "settings/audit?action=endpoint.changed");
    const row = person.page.getByRole("row").filter({ hasText: "endpoint.changed" });
    await row.locator("ins", { hasText: "<i>of ACME</i>" }).waitFor();
    expect(await row.getByRole("link", { name: "acme" }).getAttribute("href")).toMatch(/webhooks\/acme$/);
    await person.page.getByRole("button", { name: "Clear" }).click();
    await person.page.locator("td", { hasText: "key.created" }).first().waitFor();
    expect(complaintsBeside(person, 400)).toEqual([]);
  });

  it("say what the doctor finds, and what to do", async () => {
    await using person = await sitDown(browser, api.url);
    await openAs(person, "settings/doctor");
    const finding = person.page.getByRole("listitem").filter({ hasText: "redis.role" });
    await finding.getByRole("img", { name: "ok" }).waitFor();
    await person.page.getByRole("button", { name: "Look again" }).waitFor();
    expect(complaintsBeside(person, 400)).toEqual([]);
  });

  it("let somebody who may only read see that it takes an admin", async () => {
    const { token: readers } = await hookwave.keys.create({ name: "reader", roles: ["read"] });
    await using person = await sitDown(browser, api.url);
    await openAs(person, "settings", readers);
    await person.page.getByText("FORBIDDEN").waitFor();
    expect(await person.page.getByRole("button", { name: "Make a key" }).isDisabled()).toBe(true);
  });

  it.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 320],
  ] as const)("have no barrier that axe finds, %s, %i px wide", async (colorScheme, width) => {
    await using person = await sitDown(browser, api.url, { colorScheme, viewport: { width, height: 800 } });
    await openAs(person, "settings");
    for (const [path, text] of [
      ["settings", "ann"],
      ["settings/audit", "key.created"],
      ["settings/doctor", "redis.role"],
    ] as const) {
      await person.open(path);
      await person.page.locator("td, li").filter({ hasText: text }).first().waitFor();
      expect(await barriers(person.page), path).toEqual([]);
      const shown = await person.page.evaluate("document.documentElement.scrollWidth");
      expect(shown, path).toBeLessThanOrEqual(width);
    }
  });
});
