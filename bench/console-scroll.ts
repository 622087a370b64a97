/** A list of the console, scrolled through in a browser while it tells how long each task of the page takes. */
import type { Browser, Page } from "playwright-core";
import { sitDown } from "../test/support/person.ts";
import { until } from "../test/support/until.ts";

/** The longest task while the page was there, by each clock. */
export interface Longest {
  readonly cpuMs: number;
  readonly wallMs: number;
}

export interface Scrolled {
  /** Until the first rows are there. */
  readonly first: Longest;
  /** By where the list was: until all of it was read, to its beginning, and back to its end. */
  readonly places: ReadonlyMap<string, Longest>;
  /** By Home and End. */
  readonly jumps: Longest;
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  /** By the thread's own clock; absent where the browser could not read it. */
  readonly tdur?: number;
}

const STEP_PX = 2_000;
/** At which a browser paints. */
const FRAME_MS = 16;
const CATEGORIES = ["disabled-by-default-devtools.timeline", "blink.user_timing"];
const TASK = "RunTask";
const MARK = "bench:";
const FIRST = "first";
const JUMPS = "jumps";
const NONE: Longest = { cpuMs: 0, wallMs: 0 };
/** So far, three pages of the list, is one place. */
const PLACE_PX = 10_000;
const SHOWN = `Number(document.querySelector(".under-table").textContent.match(/[\\d,]+/)[0].replaceAll(",", ""))`;
const AT_END = "scrollY + innerHeight >= document.body.scrollHeight - 5";
const AT_BEGINNING = "scrollY <= 0";

export async function scrollThrough(browser: Browser, url: string, rows: number): Promise<Scrolled> {
  await using person = await sitDown(browser, url);
  const { page } = person;
  await browser.startTracing(page, { categories: CATEGORIES });
  await person.open("deliveries");
  await page.locator("tbody tr").first().waitFor();
  await wheelUntil(page, "reading", `${SHOWN} >= ${rows}`);
  await wheelUntil(page, "up", AT_BEGINNING);
  await wheelUntil(page, "down", AT_END);
  await page.evaluate(markOf(`"${JUMPS}"`));
  await jump(page, "Home", AT_BEGINNING);
  await jump(page, "End", AT_END);
  const trace = await browser.stopTracing();
  const { traceEvents }: { readonly traceEvents: readonly TraceEvent[] } = JSON.parse(trace.toString());
  return longestOf(traceEvents);
}

const markOf = (name: string): string => `performance.mark("${MARK}" + ${name})`;

async function wheelUntil(page: Page, way: "reading" | "up" | "down", isThere: string): Promise<void> {
  const place = markOf(`"${way} " + Math.round(scrollY / ${PLACE_PX})`);
  while (!(await page.evaluate(`${place}, ${isThere}`))) {
    await page.mouse.wheel(0, way === "up" ? -STEP_PX : STEP_PX);
    await page.waitForTimeout(FRAME_MS);
  }
}

/** Until it has been painted, as well. */
async function jump(page: Page, key: string, isThere: string): Promise<void> {
  await page.keyboard.press(key);
  await until(`${key} has scrolled`, () => page.evaluate<boolean>(isThere));
  await page.evaluate(
    "new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve))))",
  );
}

/** The page's own thread is the one that set the marks: a browser has others for pages of its own. */
function longestOf(events: readonly TraceEvent[]): Scrolled {
  const mark = events.find(({ name }) => name.startsWith(MARK));
  if (mark === undefined) throw new Error(`expected ${MARK}… in the trace, got ${events.length} others`);
  const own = events.filter(({ pid, tid }) => pid === mark.pid && tid === mark.tid);
  const places = new Map<string, Longest>();
  let place = FIRST;
  for (const { name, tdur, dur = 0 } of own.toSorted((one, other) => one.ts - other.ts)) {
    if (name.startsWith(MARK)) place = name.slice(MARK.length);
    if (name !== TASK) continue;
    const before = places.get(place) ?? NONE;
    places.set(place, {
      cpuMs: Math.max(before.cpuMs, (tdur ?? dur) / 1_000),
      wallMs: Math.max(before.wallMs, dur / 1_000),
    });
  }
  const [first, jumps] = [places.get(FIRST) ?? NONE, places.get(JUMPS) ?? NONE];
  places.delete(FIRST);
  places.delete(JUMPS);
  return { first, jumps, places };
}
