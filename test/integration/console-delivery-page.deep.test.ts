/** One delivery as a person sees it in the console, in a real browser: watched, tried, ended, sent again, copied. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Api } from "../support/api.ts";
import { type ConsoleStage, openConsole } from "../support/console-stage.ts";
import { untilBooked, untilStatus } from "../support/deliveries.ts";
import { barriers, sitDown, WITHOUT_BROWSER } from "../support/person.ts";
import { type Answer, type Receiver, startReceiver } from "../support/receiver.ts";
import type { TestHookwave } from "../support/service.ts";

const SECRET = "a-secret-that-nobody-may-see-in-a-page";
const HOUR_MS = 3_600_000;
const ANSWER = "<img src=x onerror=alert(1)>\u202e\u0000 no such queue";
const failing: Answer = (response) => response.writeHead(500).end(ANSWER);

describe.skipIf(WITHOUT_BROWSER)("the console's page of one delivery", () => {
  let stage: ConsoleStage;
  let hookwave: TestHookwave;
  let api: Api;
  let browser: Browser;

  beforeAll(async () => {
    stage = await openConsole();
    ({ hookwave, api, browser } = stage);
  });

  afterAll(() => stage[Symbol.asyncDispose]());

  /** An endpoint of that id whose first attempt of an event has failed; the delivery's id. */
  async function failedOnce(id: string, receiver: Receiver, waitMs: number): Promise<string> {
    receiver.replies(failing, 200);
    await hookwave.endpoints.add({
      ...{ id, url: receiver.url, events: [`${id}.done`], secrets: [SECRET] },
      ...{ profile: "hokusai", headers: { "x-key": SECRET }, retrySchedule: [waitMs, HOUR_MS] },
    });
    await hookwave.publish({ id: `evt_${id}`, type: `${id}.done`, dataText: `{"it's":"${id}"}` });
    await untilStatus(hookwave, `evt_${id}.${id}`, "retrying");
    await untilBooked(hookwave, `evt_${id}.${id}`);
    return `evt_${id}.${id}`;
  }

  it("shows it fail and recover, to whoever only watches", async () => {
    await using receiver = await startReceiver();
    const id = await failedOnce("watched", receiver, 6_000);
    await using person = await sitDown(browser, api.url);
    await person.open(`deliveries/${id}`);
    const attempts = person.page.getByRole("list").filter({ hasText: "Attempt 1" }).getByRole("listitem");

    await person.page.getByText(/next attempt in .* after a wait of/).waitFor();
    expect(await attempts.first().textContent()).toMatch(/^Attempt 1 refused 500 .*took/);
    // Texts of receivers are text, whatever is in them.
    expect(await attempts.first().locator("pre").textContent()).toContain("<img src=x onerror=alert(1)>");
    await person.page.getByText("Its last attempt failed, and its schedule says").waitFor();

    await person.page.getByText("Attempt 2").waitFor();
    await person.page.getByRole("list").getByText("delivered", { exact: true }).waitFor();
    expect(await attempts.nth(1).textContent()).toMatch(/^waited \d/);
    await person.page.getByRole("button", { name: "Send this event again" }).waitFor();
    expect(person.complaints).toEqual([]);
  });

  it("lets it be tried now, by key, and sent again to where it has been", async () => {
    await using receiver = await startReceiver();
    const id = await failedOnce("hurried", receiver, HOUR_MS);
    await using person = await sitDown(browser, api.url);
    await person.open(`deliveries/${id}`);
    await person.page.getByRole("button", { name: "Try now" }).waitFor();
    await person.page.keyboard.press("r");
    await receiver.received(2);

    const again = person.page.getByRole("button", { name: "Send this event again to this endpoint" });
    await again.first().waitFor();
    await person.page.keyboard.press("r");
    await person.page.getByRole("dialog").getByRole("button", { name: "Send this event again" }).click();
    await receiver.received(3);
    expect(receiver.ids()).toEqual(["evt_hurried", "evt_hurried", "evt_hurried"]);
    await person.page.getByText("Attempts of round 2").waitFor();
    expect(person.complaints).toEqual([]);
  });

  it("lets it be cancelled, once more asked", async () => {
    await using receiver = await startReceiver();
    const id = await failedOnce("ended", receiver, HOUR_MS);
    await using person = await sitDown(browser, api.url);
    await person.open(`deliveries/${id}`);
    await person.page.getByRole("button", { name: "Cancel" }).click();
    expect((await hookwave.deliveries.get(id)).state.status).toBe("retrying");
    await person.page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await person.page.getByText("Cancelled by a person").waitFor();
    expect((await hookwave.deliveries.get(id)).state.status).toBe("cancelled");
    expect(person.complaints).toEqual([]);
  });

  it("says why it is held, and until when", async () => {
    await using receiver = await startReceiver(() => undefined);
    const { url } = receiver;
    await hookwave.endpoints.add({
      id: "slow",
      url,
      events: ["slow.*"],
      rateLimit: { count: 1, perMs: HOUR_MS },
    });
    for (const id of ["evt_slow_1", "evt_slow_2"])
      await hookwave.publish({ id, type: "slow.done", data: {} });
    const held = await Promise.any(
      ["evt_slow_1.slow", "evt_slow_2.slow"].map((id) => untilStatus(hookwave, id, "held")),
    );
    await using person = await sitDown(browser, api.url);
    await person.open(`deliveries/${held.id}`);
    await person.page.getByText("rate_limited").waitFor();
    await person.page.getByText(/It ends by itself in \d+ min/).waitFor();
    expect(person.complaints).toEqual([]);
  });

  it("gives its request as a command, with the key c, and no secret in it", async () => {
    await using receiver = await startReceiver();
    const id = await failedOnce("copied", receiver, HOUR_MS);
    const permissions = ["clipboard-read", "clipboard-write"];
    await using person = await sitDown(browser, api.url, { permissions });
    await person.open(`deliveries/${id}`);
    const copied = (): Promise<string> => person.page.evaluate("navigator.clipboard.readText()");
    await person.page.getByRole("button", { name: "Copy as curl" }).waitFor();
    await person.page.keyboard.press("c");
    await person.page.getByText("Copied the command of curl").waitFor();
    expect(await copied()).toContain(`printf %s '{"it'\\''s":"copied"}' |\n  curl `);
    expect(await copied()).toContain("--header 'X-Hokusai-Signature: ***'");

    await person.page.getByText("The request that would be sent now").click();
    await person.page.getByRole("button", { name: "Copy as hookwave certify" }).click();
    await person.page.getByText("Copied the command that certifies").waitFor();
    expect(await copied()).toMatch(
      /^# .*\nnpx hookwave certify 'http:.*' --secret "\$SECRET" --profile hokusai\n$/,
    );
    expect((await person.page.textContent("body")) ?? "").not.toContain(SECRET);
    expect(person.complaints).toEqual([]);
  });

  it("takes the second of two keys for nothing of its own", async () => {
    await using receiver = await startReceiver();
    const id = await failedOnce("left", receiver, HOUR_MS);
    await using person = await sitDown(browser, api.url);
    await person.open(`deliveries/${id}`);
    await person.page.getByRole("button", { name: "Copy as curl" }).waitFor();
    await person.page.keyboard.press("g");
    await person.page.keyboard.press("c");
    await person.page.getByRole("heading", { name: "Callbacks" }).waitFor();
    expect(await person.page.getByText(/^Copied|does not let this page copy/).count()).toBe(0);
    expect(person.complaints).toEqual([]);
  });

  it.each(["light", "dark"] as const)("has no barrier that axe finds, %s and narrow", async (colorScheme) => {
    await using receiver = await startReceiver();
    const id = await failedOnce(`seen_${colorScheme}`, receiver, HOUR_MS);
    for (const viewport of [
      { width: 1280, height: 800 },
      { width: 320, height: 640 },
    ]) {
      await using person = await sitDown(browser, api.url, { colorScheme, viewport });
      await person.open(`deliveries/${id}`);
      await person.page.getByText("The request that would be sent now").click();
      expect(await barriers(person.page)).toEqual([]);
      const width = await person.page.evaluate("document.documentElement.scrollWidth");
      expect(width).toBeLessThanOrEqual(viewport.width);
      expect(person.complaints).toEqual([]);
    }
  });
});
