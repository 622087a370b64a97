/** The file that log lines go to, and what it asks of the process. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { LineFile } from "../../../src/observe/line-file.ts";
import { loadsOf } from "../../support/loads.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "hookwave-lines-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const open = (name: string): LineFile =>
  new LineFile(join(directory, name), { onDropped: () => undefined, onResumed: () => undefined });

it("has one listener for the end of the process, however many are open, and none once they are closed", async () => {
  const before = process.listenerCount("exit");
  const files = Array.from({ length: 20 }, (_, at) => open(`log-${at}`));
  expect(process.listenerCount("exit")).toBe(before + 1);
  for (const file of files.slice(1)) await file.close();
  expect(process.listenerCount("exit")).toBe(before + 1);
  await files[0]?.close();
  expect(process.listenerCount("exit")).toBe(before);
});

it("writes what each of them holds when the process exits without closing them", () => {
  const program = `
    import { LineFile } from ${JSON.stringify(new URL("../../../src/observe/line-file.ts", import.meta.url).href)};
    const silent = { onDropped() {}, onResumed() {} };
    for (const name of ["one", "two"]) new LineFile(${JSON.stringify(directory)} + "/" + name, silent).write(name + "\\n");
    process.exit(0);
  `;
  const { stderr } = loadsOf(["--input-type=module", "-e", program], directory);
  expect(stderr).toBe("");
  for (const name of ["one", "two"]) expect(readFileSync(join(directory, name), "utf8")).toBe(`${name}\n`);
});
