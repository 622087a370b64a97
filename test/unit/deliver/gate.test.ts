import { describe, expect, it } from "vitest";
import { createGate } from "../../../src/deliver/gate.ts";

describe("the gate", () => {
  it("lets in as many as it may at once, and the others in order as those leave", async () => {
    const gate = createGate(2);
    const entered: number[] = [];
    for (const n of [1, 2, 3, 4]) void Promise.resolve(gate.enter()).then(() => entered.push(n));
    await Promise.resolve();
    await Promise.resolve();
    expect(entered).toEqual([1, 2]);

    gate.leave();
    await new Promise(setImmediate);
    expect(entered).toEqual([1, 2, 3]);

    gate.leave();
    gate.leave();
    gate.leave();
    await new Promise(setImmediate);
    expect(entered).toEqual([1, 2, 3, 4]);
    expect([gate.enter(), gate.enter()]).toEqual([undefined, undefined]);
    expect(gate.enter()).toBeInstanceOf(Promise);
  });
});
