import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HookwaveError } from "../../../src/core/errors.ts";
import { LostLocks } from "../../../src/queue/lost-locks.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const complaints = (job: number) => [
  new Error(`could not renew lock for job ${job}`),
  new Error(`Missing lock for job ${job}. moveToFinished`),
  new Error(`Lock mismatch for job ${job}. Cmd moveToFinished from active`),
];

function open() {
  const told: Error[] = [];
  return { told, ...new LostLocks((error) => told.push(error)) };
}

describe("locks that were lost", () => {
  it("are one line for all that is complained of together, with the number of each", () => {
    const { told, hear } = open();
    for (let job = 0; job < 50; job += 1) for (const complaint of complaints(job)) hear(complaint);
    hear(new HookwaveError("JOB_LOST", { expected: "a job", got: "none", remedy: "look" }));
    expect(told).toEqual([]);
    vi.advanceTimersByTime(5_000);
    expect(told).toEqual([expect.objectContaining({ code: "JOB_LOST", name: "HookwaveError" })]);
    expect(told[0]?.message).toContain(
      "(50 × could not renew lock, 50 × Missing lock, 50 × Lock mismatch, 1 × job lost); nothing is lost",
    );
  });

  it("are told again when some are lost later, and at once when the worker is closed", () => {
    const { told, hear, flush } = open();
    hear(new Error("Missing lock for job 1. moveToDelayed"));
    vi.advanceTimersByTime(5_000);
    hear(new Error("Missing lock for job 2. moveToDelayed"));
    flush();
    expect(told.map(({ message }) => /\((.*)\)/.exec(message)?.[1])).toEqual([
      "1 × Missing lock",
      "1 × Missing lock",
    ]);
    vi.advanceTimersByTime(60_000);
    flush();
    expect(told).toHaveLength(2);
  });

  it("hold no other error up", () => {
    const { told, hear } = open();
    const other = new Error("READONLY You can't write against a read only replica.");
    hear(other);
    expect(told).toEqual([other]);
  });
});
