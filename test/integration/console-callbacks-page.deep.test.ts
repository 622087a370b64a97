/** Callbacks as the admin of a receiving service sees them come in, in a real browser. */
import { text } from "node:stream/consumers";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, startApi } from "../support/api.ts";
import { builtConsole } from "../support/console-build.ts";
import { callback, type Inbox, idOf, OTHER_SECRET, startInbox } from "../support/inbox.ts";
import { barriers, openBrowser, sitDown, WITHOUT_BROWSER } from "../support/person.ts";

const HOSTILE = {
  evil: "<script>document.title='taken'</script>",
  turned: "\u202eabc",
  big: "x".repeat(200_000),
};

describe.skipIf(WITHOUT_BROWSER)("the console's callbacks", () => {
  let inbox: Inbox;
  let api: Api;
  let browser: Browser;

  beforeAll(async () => {
    inbox = await startInbox();
    await inbox.source();
    api = await startApi(inbox.hookwave, { consoleFolder: await builtConsole() });
    browser = await openBrowser();
  });

  afterAll(async () => {
    await browser.close();
    await api.close();
    await inbox[Symbol.asyncDispose]();
  });

  it("are told of on any page, shown with their signature, and seen once they were opened", async () => {
    await using person = await sitDown(browser, api.url);
    const { page } = person;
    await person.open("deliveries");
    await page.waitForResponse(/\/api\/v1\/callbacks\?limit=1/);
    await callback(api, "cb-1", { big: 12345678901234567890n.toString() });
    await callback(api, "cb-2", {}, OTHER_SECRET);

    const toasts = page.getByRole("status").filter({ hasText: "llm: workflow.completed" });
    await toasts.getByText("llm: workflow.completed, invalid").waitFor();
    await toasts.getByRole("link", { name: "View details" }).first().click();
    const opened = page.getByRole("dialog", { name: "cb-1" });
    await opened.getByText("✓ valid").waitFor();
    await page.getByText("2 kept, 1 not seen, 1 invalid").waitFor();

    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "cb-2" }).click();
    await page.getByRole("dialog", { name: "cb-2" }).getByText("✗ invalid").waitFor();
    await page.getByText("2 kept, 0 not seen, 1 invalid").waitFor();

    const [saved] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "NDJSON" }).click(),
    ]);
    const rows = (await text(await saved.createReadStream())).trim().split("\n");
    expect(rows.map((row) => JSON.parse(row).callback_id)).toEqual(["cb-2", "cb-1"]);
    expect(person.complaints).toEqual([]);
  });

  it("have an address of their own, and a window that can be moved and closed with the keyboard", async () => {
    await using person = await sitDown(browser, api.url);
    const { page } = person;
    const id = idOf(await callback(api, "cb-3"));
    await person.open(`callbacks/${id}?source=llm`);
    const opened = page.getByRole("dialog", { name: "cb-3" });
    await opened.waitFor();
    const before = await opened.boundingBox();
    await opened.getByRole("button", { name: /^Move/ }).press("ArrowLeft");
    expect((await opened.boundingBox())?.x).toBe((before?.x ?? 0) - 24);

    await page.keyboard.press("Escape");
    await opened.waitFor({ state: "detached" });
    expect(new URL(page.url()).pathname).toBe("/console/callbacks");
    expect(await page.getByLabel("Source").inputValue()).toBe("llm");
    expect(person.complaints).toEqual([]);
  });

  it("go on from here as events, once that is confirmed", async () => {
    await using person = await sitDown(browser, api.url);
    const { page } = person;
    const id = idOf(await callback(api, "cb-forward"));
    await person.open(`callbacks/${id}`);
    const forward = { name: "Forward as an event" } as const;
    await page.getByRole("dialog", { name: "cb-forward" }).getByRole("button", forward).click();
    await page.getByRole("dialog", forward).getByRole("button", forward).click();

    await page.getByText("Its type is callback.llm").waitFor();
    await page.getByText(`Published as ${id}`).waitFor();
    expect((await inbox.hookwave.callbacks.get(id)).forwards).toBe(1);
    expect(person.complaints).toEqual([]);
  });

  it("are text, whatever is in them", async () => {
    await using person = await sitDown(browser, api.url);
    const id = idOf(await callback(api, "cb-4", HOSTILE));
    await person.open(`callbacks/${id}`);
    const body = person.page.getByRole("dialog").locator("pre");
    await body.waitFor();
    expect(await body.textContent()).toContain(HOSTILE.evil);
    expect(await person.page.title()).toBe("Callback · Hookwave");
    expect(person.complaints).toEqual([]);
  });

  it.each(["light", "dark"] as const)(
    "have no barrier that axe finds, %s and on a narrow screen",
    async (colorScheme) => {
      const id = idOf(await callback(api, "cb-5"));
      for (const width of [1_280, 320]) {
        await using person = await sitDown(browser, api.url, {
          colorScheme,
          viewport: { width, height: 700 },
        });
        await person.open(`callbacks/${id}`);
        await person.page.getByRole("dialog").getByText("✓ valid").waitFor();
        expect(await barriers(person.page), `${width} px`).toEqual([]);
        expect(await person.page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
      }
    },
  );
});
