import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { system } from "../../../src/config/system.ts";
import { summarise } from "../../../src/core/errors.ts";
import type { Happening } from "../../../src/core/happening.ts";
import { logHappenings } from "../../../src/observe/happening-log.ts";
import { createLog } from "../../../src/observe/log.ts";
import { attemptFinished, delivered, ONE_OF_EACH, refused } from "./happenings.ts";

type Line = Readonly<Record<string, unknown>>;

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "hookwave-log-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

async function linesOf(happenings: readonly Happening[], level = "debug"): Promise<readonly Line[]> {
  const destination = join(directory, "log");
  const log = createLog({ level, destination });
  const { tell, close } = logHappenings(log, system);
  for (const happening of happenings) tell(happening);
  close();
  await log.close();
  const lines = readFileSync(destination, "utf8").split("\n");
  expect(lines.pop()).toBe("");
  return lines.map((line) => JSON.parse(line));
}

const finished = (record = delivered): Happening => attemptFinished(record);

describe("the log", () => {
  it("writes exactly one line per happening, with its kind as the message, but for what it counts", async () => {
    const { "delivery.held": held, ...others } = ONE_OF_EACH;
    const lines = await linesOf([held, ...Object.values(others)]);
    expect(lines.map((line) => line["msg"])).toEqual([...Object.keys(others), "deliveries.held"]);
  });

  it("writes an attempt with all fields of its record, and the latency, also where they are null", async () => {
    const [line] = await linesOf([finished(refused)]);
    expect(line).toMatchObject({ ...refused, latencyMs: null, firstDelayMs: null });
    expect(Object.keys(line ?? {})).toEqual([
      ...["level", "time", "pid", "hostname"],
      ...Object.keys(refused),
      ...["latencyMs", "firstDelayMs", "msg"],
    ]);
  });

  it("says by its level how much a line matters", async () => {
    const lines = await linesOf([...Object.values(ONE_OF_EACH), finished(refused)]);
    expect(lines.map((line) => `${line["level"]} ${line["msg"]}`)).toEqual([
      "debug events.published",
      "info event.duplicated",
      "info attempt.finished",
      "error delivery.buried",
      "error job.buried",
      "warn breaker.changed",
      "warn endpoint.failing",
      "info endpoint.recovered",
      "warn endpoint.disabled",
      "debug bus.written",
      "warn callback.received",
      "warn callbacks.removed",
      "warn source.unsigned",
      "warn phase.changed",
      "warn service.noticed",
      "error service.failed",
      "warn attempt.finished",
      "info deliveries.held",
    ]);
  });

  it("leaves out what is below its level", async () => {
    const lines = await linesOf(Object.values(ONE_OF_EACH), "error");
    expect(lines.map((line) => line["msg"])).toEqual(["delivery.buried", "job.buried", "service.failed"]);
  });

  it("writes an error's summary and never the command arguments that Redis clients put on it", async () => {
    const raw = Object.assign(new Error("OOM command not allowed"), { command: { args: ["hunter2"] } });
    const [line] = await linesOf([
      { kind: "service.failed", doing: "publish", error: summarise(Object.assign(raw, { code: "OOM" })) },
    ]);
    expect(line).toMatchObject({ error: { name: "Error", message: "OOM command not allowed", code: "OOM" } });
    expect(JSON.stringify(line)).not.toContain("hunter2");
  });

  it("has written every line once it is closed", async () => {
    const lines = await linesOf(Array.from({ length: 5_000 }, () => finished()));
    expect(lines).toHaveLength(5_000);
  });
});
