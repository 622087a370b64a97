import { describe, expect, it } from "vitest";
import { createSemaphore } from "../../../src/deliver/semaphore.ts";

describe("the gate", () => {
  it("lets in as many as it may at once, and the others in order as those release", async () => {
    const gate = createSemaphore(2);
    const entered: number[] = [];
    for (const n of [1, 2, 3, 4]) void Promise.resolve(gate.acquire("a")).then(() => entered.push(n));
    await Promise.resolve();
    await Promise.resolve();
    expect(entered).toEqual([1, 2]);

    gate.release();
    await new Promise(setImmediate);
    expect(entered).toEqual([1, 2, 3]);

    gate.release();
    gate.release();
    gate.release();
    await new Promise(setImmediate);
    expect(entered).toEqual([1, 2, 3, 4]);
    expect([gate.acquire("a"), gate.acquire("a")]).toEqual([undefined, undefined]);
    expect(gate.acquire("a")).toBeInstanceOf(Promise);
  });

  it("lets in by turns: many of one key are not before a single one of another", async () => {
    const gate = createSemaphore(1);
    const entered: string[] = [];
    for (const key of ["a", "a", "a", "a", "b", "c", "b"])
      void Promise.resolve(gate.acquire(key)).then(() => entered.push(key));
    for (let n = 0; n < 7; n += 1) {
      await new Promise(setImmediate);
      gate.release();
    }
    expect(entered.join("")).toBe("aabcaba");
  });
});
