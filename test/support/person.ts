/**
 * A person at the console, in a real browser. The browser's
 * complaints and errors of the page are kept, since a page that works has none.
 */
import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { findBrowser, INSTALL_BROWSER } from "./browser.ts";

export const BROWSER = findBrowser();
export const WITHOUT_BROWSER = BROWSER === null;
if (BROWSER === null)
  process.stderr.write(`no chromium: tests of the console are left out; ${INSTALL_BROWSER}\n`);

export interface Person extends AsyncDisposable {
  readonly page: Page;
  /** Errors and warnings of the browser's console, and of scripts; a test ends by expecting none. */
  readonly complaints: readonly string[];
  /** Opens a page of the console: `deliveries?status=buried`. */
  readonly open: (path: string) => Promise<void>;
}

/** Opens a browser; its pages look at the console of this API, or of a proxy in front of it. */
export async function openBrowser(): Promise<Browser> {
  const args = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--disable-gpu",
  ];
  return await chromium.launch({ executablePath: BROWSER ?? "", args });
}

export async function sitDown(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Person> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return {
    page,
    complaints,
    open: async (path) => void (await page.goto(`${url}/console/${path}`)),
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** Complaints but those of answers that a test has provoked, by their statuses. */
export const complaintsBeside = ({ complaints }: Person, ...statuses: readonly number[]) =>
  complaints.filter(
    (one) => !statuses.some((status) => one.startsWith(`${status} `) || one.includes(`status of ${status} `)),
  );

/** Findings of axe by WCAG 2.2 AA, a line each: the rule, and the first element. */
export async function barriers(page: Page): Promise<readonly string[]> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"])
    .analyze();
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`,
  );
}
