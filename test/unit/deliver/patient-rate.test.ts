/** Rates whose Redis may be away, asked by deliveries whose own is well. */
import { describe, expect, it } from "vitest";
import { asEndpointId } from "../../../src/core/brand.ts";
import { patientRate } from "../../../src/deliver/patient-rate.ts";
import type { Turn } from "../../../src/deliver/ports.ts";

const id = asEndpointId("rated");
const LIMIT = { count: 10, perMs: 1_000 };
const BEGIN: Turn = { kind: "begin", inMs: 0 };
const HELD: Turn = { kind: "hold", inMs: 1_000 };

function stage() {
  const asked: PromiseWithResolvers<Turn>[] = [];
  const { enter } = patientRate({
    enter: () => {
      const one = Promise.withResolvers<Turn>();
      asked.push(one);
      return one.promise;
    },
  });
  return { asked, enter: () => enter(id, LIMIT, false) };
}

describe("a rate whose Redis is away", () => {
  it("answers as the Redis does while that is there", async () => {
    const { asked, enter } = stage();
    const [first, second] = [enter(), enter()];
    asked[0]?.resolve(BEGIN);
    asked[1]?.reject(new Error("refused"));
    expect(await first).toEqual(BEGIN);
    await expect(second).rejects.toThrow("refused");
  });

  it("holds who has no answer in time, asks nothing more until there is one, and then goes on", async () => {
    const { asked, enter } = stage();
    const waiting = [enter(), enter()];
    expect(await Promise.all(waiting)).toEqual([HELD, HELD]);
    expect(await enter()).toEqual(HELD);
    expect(asked).toHaveLength(2);
    asked[0]?.resolve(BEGIN);
    asked[1]?.reject(new Error("gone"));
    await Promise.allSettled(asked.map(({ promise }) => promise));
    const again = enter();
    asked[2]?.resolve(BEGIN);
    expect(await again).toEqual(BEGIN);
  });
});
