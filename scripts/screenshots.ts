/**
 * `npm run screenshots`: draws the console's pages, light and dark, from what the demo leaves behind, into docs/images. A
 * person looks at them before they are committed; nothing compares them.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "playwright-core";

const root = fileURLToPath(new URL("../", import.meta.url));
const images = `${root}docs/images`;
const SIZE = { width: 1_200, height: 720 };
const SCHEMES = ["light", "dark"] as const;
/** A page's file, the way there, and a text that is seen once it is there. */
const PAGES: readonly (readonly [string, (page: Page, console: string) => Promise<unknown>, string])[] = [
  ["overview", (page, at) => page.goto(`${at}/`), "Overview"],
  ["deliveries", (page, at) => page.goto(`${at}/deliveries`), "model.registered"],
  [
    "delivery",
    async (page, at) => {
      await page.goto(`${at}/deliveries?endpoint=flaky`);
      await page.getByRole("link", { name: "flaky" }).first().waitFor();
      await page.keyboard.press("j");
      await page.keyboard.press("Enter");
    },
    "503",
  ],
  ["webhook", (page, at) => page.goto(`${at}/webhooks/flaky`), "flaky"],
];

mkdirSync(images, { recursive: true });
const demo = spawn(process.execPath, ["src/main.ts", "demo", "--fast", "--keep"], {
  cwd: root,
  stdio: ["ignore", "pipe", "inherit"],
});
const at = await consoleOf();
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  for (const colorScheme of SCHEMES) {
    const page = await browser.newPage({ viewport: SIZE, colorScheme });
    for (const [name, goThere, seen] of PAGES) {
      await goThere(page, at);
      await page.getByText(seen).first().waitFor();
      await page.waitForLoadState("networkidle");
      await page.screenshot({ path: `${images}/console-${name}-${colorScheme}.png` });
    }
  }
} finally {
  await browser.close();
  demo.kill("SIGINT");
  await once(demo, "exit");
}

/** The address that the demo invites to. */
async function consoleOf(): Promise<string> {
  let text = "";
  for await (const chunk of demo.stdout) {
    text += String(chunk);
    const [, found] = /(http:\S+\/console)\s/.exec(text) ?? [];
    if (found !== undefined) {
      demo.stdout.resume();
      return found;
    }
  }
  throw new Error("the demo ended before it said where its console is");
}
