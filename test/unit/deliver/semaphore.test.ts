import { describe, expect, it } from "vitest";
import { createSemaphore } from "../../../src/deliver/semaphore.ts";

describe("the gate", () => {
  it("lets in as many as it may at once, and the others in order as those release", async () => {
    const gate = createSemaphore(2);
    const entered: number[] = [];
    for (const n of [1, 2, 3, 4]) void Promise.resolve(gate.acquire()).then(() => entered.push(n));
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
    expect([gate.acquire(), gate.acquire()]).toEqual([undefined, undefined]);
    expect(gate.acquire()).toBeInstanceOf(Promise);
  });
});
