import { describe, expect, it } from "vitest";
import { errandNow, onErrand } from "../../../src/observe/errand.ts";

const errand = (requestId: string) => ({ by: null, requestId });

describe("an errand", () => {
  it("is known wherever its work goes, and not to the work beside it", async () => {
    const stepOn = async (): Promise<string | null> => {
      await new Promise((resolve) => setImmediate(resolve));
      return errandNow()?.requestId ?? null;
    };
    const seen = await Promise.all([onErrand(errand("a"), stepOn), stepOn(), onErrand(errand("b"), stepOn)]);
    expect(seen).toEqual(["a", null, "b"]);
  });

  it("is over when its work is done, also for what that has left running", async () => {
    const { promise: goOn, resolve } = Promise.withResolvers<void>();
    const seen: (string | undefined)[] = [];
    const left = await onErrand(errand("a"), async () => {
      seen.push(errandNow()?.requestId ?? undefined);
      return { later: goOn.then(() => errandNow()) };
    });
    resolve();
    expect([seen, await left.later]).toEqual([["a"], null]);
  });

  it("is over when its work has failed", async () => {
    const { promise: goOn, resolve } = Promise.withResolvers<void>();
    let later: Promise<unknown> = Promise.resolve();
    const failing = onErrand(errand("a"), async () => {
      later = goOn.then(() => errandNow());
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    resolve();
    expect(await later).toBeNull();
  });
});
