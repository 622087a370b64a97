import { describe, expect, it } from "vitest";
import { JobLocks } from "../../../src/queue/job-locks.ts";

const LOCK_MS = 10_000;

/** With a clock that is moved by hand. */
function locksAt(startMs: number) {
  const clock = { nowMs: startMs };
  return { clock, locks: new JobLocks(LOCK_MS, () => clock.nowMs) };
}

describe("a job in work", () => {
  it("is ours for as long as its lock lasts, counted from when it was taken", () => {
    const { clock, locks } = locksAt(50_000);
    const holdsLease = locks.begin("1", "t", 4_000);
    clock.nowMs += 5_999;
    expect(holdsLease?.()).toBe(true);
    clock.nowMs += 1;
    expect(holdsLease?.()).toBe(false);
  });

  it("stays ours with each renewal, counted from when that was asked for", () => {
    const { clock, locks } = locksAt(0);
    const holdsLease = locks.begin("1", "t", 0);
    clock.nowMs = 9_000;
    locks.renewed(["1"], ["t"], 5_000, []);
    clock.nowMs = 14_999;
    expect(holdsLease?.()).toBe(true);
    clock.nowMs = 15_000;
    expect(holdsLease?.()).toBe(false);
  });

  it("is not ours from the moment on at which Redis says so", () => {
    const { locks } = locksAt(0);
    const holdsLease = [locks.begin("1", "t", 0), locks.begin("2", "t", 0)];
    locks.renewed(["1", "2"], ["t", "t"], 0, ["1"]);
    expect(holdsLease.map((one) => one?.())).toEqual([false, true]);
  });

  it("is not given time by the renewal of another's lock", () => {
    const { clock, locks } = locksAt(0);
    const holdsLease = locks.begin("1", "t", 0);
    locks.renewed(["1"], ["another"], 5_000, []);
    clock.nowMs = 10_000;
    expect(holdsLease?.()).toBe(false);
  });

  it("is not older than now where the machine's clock was set back", () => {
    const { clock, locks } = locksAt(0);
    const holdsLease = locks.begin("1", "t", -60_000);
    clock.nowMs = 10_000;
    expect(holdsLease?.()).toBe(false);
  });

  it("is not begun again while an earlier run of it is under way", () => {
    const { locks } = locksAt(0);
    locks.begin("1", "t", 0);
    expect(locks.begin("1", "u", 0)).toBeNull();
    locks.end("1");
    expect(locks.begin("1", "u", 0)?.()).toBe(true);
  });
});
