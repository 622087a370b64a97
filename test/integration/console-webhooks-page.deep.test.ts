/** Webhooks as a person sees and changes them in the console, in a real browser. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Api } from "../support/api.ts";
import { type ConsoleStage, openConsole } from "../support/console-stage.ts";
import { barriers, complaintsBeside, sitDown, WITHOUT_BROWSER } from "../support/person.ts";
import type { Receiver } from "../support/receiver.ts";
import type { TestHookwave } from "../support/service.ts";

const LOOKS = [
  ["light", 1280],
  ["dark", 1280],
  ["light", 320],
] as const;
const PAGES = [
  ["webhooks", "disabled: holidays"],
  ["webhooks/acme?tool=verify", "As it arrived, to the character"],
  ["webhooks/off", "disabled: holidays"],
] as const;
const LOOKED_AT = LOOKS.flatMap((look) => PAGES.map((page) => [...page, ...look] as const));

describe.skipIf(WITHOUT_BROWSER)("the console's webhooks", () => {
  let stage: ConsoleStage;
  let hookwave: TestHookwave;
  let receiver: Receiver;
  let api: Api;
  let browser: Browser;

  beforeAll(async () => {
    stage = await openConsole();
    ({ hookwave, receiver, api, browser } = stage);
    await hookwave.endpoints.add({ id: "acme", url: receiver.url, description: "of ACME" });
    await hookwave.endpoints.add({ id: "off", url: receiver.url, events: ["job.*"] });
    await hookwave.endpoints.disable("off", "holidays");
  });

  afterAll(() => stage[Symbol.asyncDispose]());

  it("are listed with their states in words, and filtered by the URL", async () => {
    await using person = await sitDown(browser, api.url);
    await person.open("webhooks");
    await person.page.getByText("disabled: holidays").waitFor();
    await person.page.getByText("active", { exact: true }).waitFor();
    await person.page.getByLabel("Active").selectOption("false");
    await person.page.getByRole("link", { name: "acme" }).waitFor({ state: "detached" });
    expect(new URL(person.page.url()).search).toBe("?active=false");
    await person.page.getByText("disabled: holidays").waitFor();
    expect(person.complaints).toEqual([]);
  });

  it("are added in a dialog that says what is wrong beside its field, and shows the secret once", async () => {
    await using person = await sitDown(browser, api.url);
    await person.open("webhooks");
    await person.page.getByRole("button", { name: "Add a webhook" }).click();
    const dialog = person.page.getByRole("dialog");
    await dialog.getByLabel("URL").fill("http://10.0.0.1/hook");
    await dialog.getByLabel("Id").fill("fresh");
    await dialog.getByRole("button", { name: "Add a webhook" }).click();
    await dialog.getByText("see what is said beside the fields").waitFor();
    const url = dialog.getByLabel("URL");
    expect(await url.getAttribute("aria-invalid")).toBe("true");
    expect(await url.inputValue(), "what was written stays").toBe("http://10.0.0.1/hook");

    await url.fill(receiver.url);
    await dialog.getByRole("button", { name: "Add a webhook" }).click();
    const secret = await dialog.locator(".secret code").textContent();
    expect(secret).toMatch(/^whsec_/);
    await dialog.getByRole("button", { name: "Done" }).click();
    await person.page.getByRole("link", { name: "fresh" }).waitFor();
    expect(await person.page.content(), "it is shown this once").not.toContain(secret);
    expect(complaintsBeside(person, 422)).toEqual([]);
  });

  it.each(LOOKED_AT)(
    "have no barrier that axe finds: %s (%s), %s, %i px wide",
    async (path, text, colorScheme, width) => {
      await using person = await sitDown(browser, api.url, { colorScheme, viewport: { width, height: 800 } });
      await person.open(path);
      await person.page.getByText(text).first().waitFor();
      expect(await barriers(person.page)).toEqual([]);
      expect(await person.page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
      expect(person.complaints).toEqual([]);
    },
  );

  it.each(LOOKS)(
    "have no barrier in the dialog that adds one, %s, %i px wide",
    async (colorScheme, width) => {
      await using person = await sitDown(browser, api.url, { colorScheme, viewport: { width, height: 800 } });
      await person.open("webhooks");
      await person.page.getByRole("button", { name: "Add a webhook" }).click();
      const dialog = person.page.getByRole("dialog");
      await dialog.getByLabel("URL").fill("http://10.0.0.1/hook");
      await dialog.getByRole("button", { name: "Add a webhook" }).click();
      await dialog.locator(".flaw").waitFor();
      expect(await barriers(person.page), "with a flaw").toEqual([]);
      await dialog.getByLabel("URL").fill(receiver.url);
      await dialog.getByRole("button", { name: "Add a webhook" }).click();
      await dialog.locator(".secret").waitFor();
      expect(await barriers(person.page), "with a secret").toEqual([]);
    },
  );
});
