/**
 * The console's live tail under load: 2,000 attempts a second are recorded as a worker records them, and a browser watches.
 * Each of them must have been shown or told as left out.
 */
import type { Browser, CDPSession, Page } from "playwright-core";
import { pastAttempt } from "../src/core/attempt.ts";
import { asEventId } from "../src/core/brand.ts";
import { deliveryOf, stateAfter } from "../src/core/delivery.ts";
import { createAttemptLog } from "../src/store/attempt-log.ts";
import { createEventLedger } from "../src/store/event-ledger.ts";
import { createKeys } from "../src/store/keys.ts";
import { connectRedis } from "../src/store/redis.ts";
import { sitDown } from "../test/support/person.ts";
import { until } from "../test/support/until.ts";
import { clockMs } from "./due.ts";
import { endpointId, eventOf, PREFIX, RETENTION_MS, recordOf } from "./retained.ts";

export interface Watched {
  readonly perSecond: number;
  readonly came: number;
  readonly dropped: number;
  /** Of a core: the page's main thread, and its whole process. */
  readonly mainThread: number;
  readonly process: number;
}

export const PER_SECOND = 2_000;
const EVERY_MS = 10;
const ENDPOINTS = 100;
const WARM_UP_MS = 2_000;
const NOBODY = (): void => undefined;
const COUNTS = `[...document.querySelectorAll(".under-table > *")].map((one) => one.textContent)`;

export async function watchLive(
  browser: Browser,
  url: string,
  redisUrl: string,
  seconds: number,
): Promise<Watched> {
  await using person = await sitDown(browser, url);
  const { page } = person;
  const ofPage = await page.context().newCDPSession(page);
  await ofPage.send("Performance.enable", { timeDomain: "threadTicks" });
  const ofBrowser = await browser.newBrowserCDPSession();
  await person.open("live");
  await page.getByRole("status").getByText("live", { exact: true }).waitFor();
  const load = startLoad(redisUrl);
  await page.waitForTimeout(WARM_UP_MS);
  const read = async () => ({
    atMs: clockMs(),
    recorded: load.recorded(),
    mainThread: await mainThreadSeconds(ofPage),
    process: await pageProcessSeconds(ofBrowser),
  });
  const before = await read();
  await page.waitForTimeout(seconds * 1_000);
  const after = await read();
  const recorded = await load.stop();
  const { came, dropped } = await until("each attempt is accounted for", async () => {
    const counts = await countsOf(page);
    return counts.came + counts.dropped === recorded && counts;
  });
  await ofBrowser.detach();
  const spanSeconds = (after.atMs - before.atMs) / 1_000;
  return {
    perSecond: (after.recorded - before.recorded) / spanSeconds,
    came,
    dropped,
    mainThread: (after.mainThread - before.mainThread) / spanSeconds,
    process: (after.process - before.process) / spanSeconds,
  };
}

function startLoad(redisUrl: string) {
  const redis = connectRedis(redisUrl, "watcher", NOBODY);
  const keys = createKeys(PREFIX);
  const ledger = createEventLedger(redis, keys, RETENTION_MS, NOBODY);
  const { record } = createAttemptLog(redis, keys, RETENTION_MS, NOBODY);
  const beganMs = clockMs();
  let [begun, recorded] = [0, 0];
  const writes = new Set<Promise<void>>();
  const write = async (first: number, count: number): Promise<void> => {
    const acceptedAt = clockMs();
    const events = Array.from({ length: count }, (_, n) =>
      eventOf(asEventId(`evt_live_${Math.round(beganMs)}_${first + n}`), "bench.live"),
    );
    await ledger.claim({ events, holder: "bench", acceptedAt });
    const deliveries = events.map((event, n) =>
      deliveryOf(event, acceptedAt)(endpointId((first + n) % ENDPOINTS)),
    );
    await Promise.all(
      deliveries.map(async (delivery) => {
        const entry = recordOf(delivery, { kind: "complete" });
        const state = stateAfter({ kind: "complete" }, [pastAttempt(entry)], { round: 0 }, clockMs());
        await record({ record: entry, recordText: JSON.stringify(entry), acceptedAt, state, excerpt: "" });
      }),
    );
    recorded += count;
  };
  const timer = setInterval(() => {
    const due = Math.floor(((clockMs() - beganMs) / 1_000) * PER_SECOND) - begun;
    if (due <= 0) return;
    const writing = write(begun, due).finally(() => writes.delete(writing));
    writes.add(writing);
    begun += due;
  }, EVERY_MS);
  return {
    recorded: () => recorded,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(writes);
      redis.disconnect();
      return recorded;
    },
  };
}

async function mainThreadSeconds(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
}

/** Of all processes for pages, since nobody says which is whose: the browser's own pages do nothing meanwhile. */
async function pageProcessSeconds(session: CDPSession): Promise<number> {
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  return processInfo.filter(({ type }) => type === "renderer").reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

async function countsOf(page: Page): Promise<Pick<Watched, "came" | "dropped">> {
  const texts: readonly string[] = await page.evaluate(COUNTS);
  const numberIn = (word: string): number =>
    Number(/^[\d,]+/.exec(texts.find((text) => text.includes(word)) ?? "0")?.[0].replaceAll(",", ""));
  return { came: numberIn(" came,"), dropped: numberIn("left out") };
}
