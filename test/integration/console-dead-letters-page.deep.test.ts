/** Dead letters and replays as a person works with them in the console, in a real browser. */
import { readFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Api } from "../support/api.ts";
import { type ConsoleStage, openConsole } from "../support/console-stage.ts";
import { aLetter, bury, summaries } from "../support/letters.ts";
import { barriers, type Person, sitDown, WITHOUT_BROWSER } from "../support/person.ts";
import type { Receiver } from "../support/receiver.ts";
import type { TestHookwave } from "../support/service.ts";
import { until } from "../support/until.ts";

const DATA = '{"big":12345678901234567890,"evil":"<img src=x onerror=alert(1)>"}';
const ANSWER = "<script>alert(1)</script> no such order";

describe.skipIf(WITHOUT_BROWSER)("the console's dead letters", () => {
  let stage: ConsoleStage;
  let hookwave: TestHookwave;
  let receiver: Receiver;
  let api: Api;
  let browser: Browser;

  beforeAll(async () => {
    stage = await openConsole();
    ({ hookwave, receiver, api, browser } = stage);
    await hookwave.endpoints.add({ id: "acme", url: receiver.url, retrySchedule: [] });
    await hookwave.endpoints.add({ id: "other", url: receiver.url, events: ["never"] });
  });

  afterAll(() => stage[Symbol.asyncDispose]());

  beforeEach(async () => {
    receiver.replies(200);
    const left = (await summaries(hookwave)).length;
    await hookwave.deadLetters.purge({}, left);
  });

  /** Letters of `acme` that were exhausted, and one of another kind. */
  const fill = (run: string, letters: number) =>
    bury(stage.redis, [
      ...Array.from({ length: letters }, (_, nth) => aLetter({ eventId: `${run}_${nth}`, endpoint: "acme" })),
      aLetter({ eventId: `${run}_other`, endpoint: "other", because: "expired" }),
    ]);
  const left = async () => (await summaries(hookwave)).length;
  const doneOf = async ({ page }: Person): Promise<number> =>
    Number(
      /^(\d+) of/.exec(
        await page.getByRole("region", { name: "Progress" }).locator("strong").innerText(),
      )?.[1],
    );

  it("are counted by kind, and a kind leads to its own", async () => {
    await using person = await sitDown(browser, api.url);
    const { page } = person;
    await fill("kind", 3);
    await person.open("dead-letters");
    const kinds = page.getByRole("region", { name: "Kinds" }).getByRole("listitem");
    await kinds.nth(1).waitFor();
    expect(await kinds.allInnerTexts()).toEqual([
      expect.stringMatching(/^3\s+acme · exhausted\s+HTTP 500/),
      expect.stringMatching(/^1\s+other · expired\s+HTTP 500/),
    ]);
    await kinds.nth(0).getByRole("link").click();
    await page.waitForURL("**/console/dead-letters?endpoint=acme&reason=exhausted");
    await page.getByRole("button", { name: "Replay the 3 that match" }).waitFor();
    expect(await page.getByRole("link", { name: "kind_other" }).count()).toBe(0);
    const downloading = page.waitForEvent("download");
    await page.getByRole("link", { name: "NDJSON" }).click();
    const lines = (await readFile(await (await downloading).path(), "utf8")).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).event_id).sort()).toEqual(["kind_0", "kind_1", "kind_2"]);
    expect(person.complaints).toEqual([]);
  });

  it("that match are replayed at a rate, with progress, paused, gone on with and cancelled", async () => {
    await using person = await sitDown(browser, api.url);
    const { page } = person;
    await fill("many", 90);
    await person.open("dead-letters?reason=exhausted");
    await page.getByRole("button", { name: "Replay the 90 that match" }).click();
    await page.getByLabel("Letters per second").fill("3");
    await page.getByRole("dialog").getByRole("button", { name: "Replay the 90 that match" }).click();
    await page.waitForURL("**/console/replays/rpl_*");
    await until("it is on its way", async () => (await doneOf(person)) > 0);
    expect(await page.getByRole("progressbar").getAttribute("max")).toBe("90");

    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("paused", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByText("running", { exact: true }).waitFor();
    const paused = await doneOf(person);
    await until("it goes on", async () => (await doneOf(person)) > paused);

    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await page.getByText("cancelled", { exact: true }).waitFor();
    expect(await page.getByRole("button", { name: "Pause" }).count()).toBe(0);
    expect(await left()).toBe(91 - (await doneOf(person)));
    expect(person.complaints).toEqual([]);
  });

  it("that match are all sent again, and no other", async () => {
    await using person = await sitDown(browser, api.url);
    const { page } = person;
    await fill("all", 4);
    const before = receiver.requests.length;
    await person.open("dead-letters?endpoint=acme");
    await page.getByRole("button", { name: "Replay the 4 that match" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Replay the 4 that match" }).click();
    await page.getByText("done", { exact: true }).waitFor();
    await page.getByText("4 of 4").waitFor();
    await page.getByRole("link", { name: "Replays" }).click();
    const newest = page.getByRole("row").nth(1);
    await newest.getByText("4 of 4").waitFor();
    expect(await newest.innerText()).toMatch(/done\s+rpl_\S+\s+endpoint acme\s+4 of 4/);
    await receiver.received(before + 4);
    expect(receiver.ids().slice(before).sort()).toEqual(["all_0", "all_1", "all_2", "all_3"]);
    expect(await left()).toBe(1);
    expect(person.complaints).toEqual([]);
  });

  it("that match are purged once their number has been typed", async () => {
    await using person = await sitDown(browser, api.url);
    const { page } = person;
    await fill("purge", 2);
    await person.open("dead-letters?endpoint=acme");
    await page.getByRole("button", { name: "Purge the 2 that match" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Type 2 to confirm").fill("3");
    await dialog.getByRole("button", { name: "Purge the 2 that match" }).click();
    expect(await left()).toBe(3);
    await dialog.getByLabel("Type 2 to confirm").fill("2");
    await page.keyboard.press("Enter");
    await page.getByText("No dead letter matches.").waitFor();
    expect((await summaries(hookwave)).map(({ eventId }) => eventId)).toEqual(["purge_other"]);
    expect(person.complaints).toEqual([]);
  });

  it("show the bytes that were published and what the receiver answered, and are sent again one by one", async () => {
    await using person = await sitDown(browser, api.url);
    const { page } = person;
    receiver.replies((response) => response.writeHead(404).end(ANSWER));
    await hookwave.publish({ id: "evt_whole", type: "thing.made", dataText: DATA });
    await until("it is buried", async () => (await left()) === 1);
    await person.open("dead-letters");
    await page.getByRole("link", { name: "evt_whole" }).click();

    await page.getByRole("region", { name: "Attempts" }).getByText(ANSWER).waitFor();
    await page.getByLabel("unformatted").check();
    expect(await page.locator("figure.json pre").textContent()).toBe(DATA);
    receiver.replies(200);
    await page.keyboard.press("r");
    await page.getByRole("dialog").getByRole("button", { name: "Send again" }).click();
    await page.waitForURL("**/console/deliveries/evt_whole.acme");
    await until("it is delivered", () => receiver.ids().filter((id) => id === "evt_whole").length === 2);
    expect(await left()).toBe(0);
    expect(person.complaints).toEqual([]);
  });

  it.each(["light", "dark"] as const)(
    "have no barrier that axe finds, %s and on a narrow screen",
    async (colorScheme) => {
      const [letter = ""] = await fill(`axe_${colorScheme}`, 2);
      const { id: replay } = await hookwave.replays.begin({ filter: { type: "nothing.like.it" } });
      const pages = {
        "dead-letters": "other · expired",
        [`dead-letters/${letter}`]: "refused",
        [`replays/${replay}`]: "done",
        replays: "type nothing.like.it",
      };
      for (const viewport of [
        { width: 1280, height: 800 },
        { width: 320, height: 640 },
      ]) {
        await using person = await sitDown(browser, api.url, { colorScheme, viewport });
        for (const [path, text] of Object.entries(pages)) {
          await person.open(path);
          await person.page.getByText(text).first().waitFor();
          expect(await barriers(person.page), path).toEqual([]);
          const width = await person.page.evaluate("document.documentElement.scrollWidth");
          expect(width, path).toBeLessThanOrEqual(viewport.width);
        }
        expect(person.complaints).toEqual([]);
      }
    },
  );
});
