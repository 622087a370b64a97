import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Happening } from "../../../src/core/happening.ts";
import { createTelemetry } from "../../../src/observe/telemetry.ts";
import { ONE_OF_EACH } from "./happenings.ts";

const published = ONE_OF_EACH["events.published"];

function brokenListener(): never {
  throw Object.assign(new Error("disk full"), { args: ["a payload with hunter2"] });
}

/** Node's own listener would print the warnings among the test results. */
const usualListeners = process.listeners("warning");
let warnings: Error[] = [];
beforeEach(() => {
  warnings = [];
  process.removeAllListeners("warning").on("warning", (warning) => warnings.push(warning));
});
afterEach(() => {
  process.removeAllListeners("warning");
  for (const listener of usualListeners) process.on("warning", listener);
});

describe("telling", () => {
  it("reaches every listener, in order", () => {
    const heard: string[] = [];
    const tell = createTelemetry([() => heard.push("log"), () => heard.push("metrics")]);
    tell(published);
    expect(heard).toEqual(["log", "metrics"]);
  });

  it("is not disturbed by a listener that throws, and the others still hear", async () => {
    const heard: Happening[] = [];
    const tell = createTelemetry([brokenListener, (happening) => heard.push(happening)]);
    expect(() => tell(published)).not.toThrow();
    expect(heard).toEqual([published]);
    await expect.poll(() => warnings).toHaveLength(1);
  });

  it("makes a broken listener visible once per kind, without what the error carries", async () => {
    const tell = createTelemetry([brokenListener]);
    for (const happening of [published, published, ONE_OF_EACH["event.duplicated"], published])
      tell(happening);
    await expect
      .poll(() => warnings.map(({ message }) => message))
      .toEqual([
        "a telemetry listener failed at events.published: Error: disk full",
        "a telemetry listener failed at event.duplicated: Error: disk full",
      ]);
  });
});
