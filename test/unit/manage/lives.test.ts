/** The live views of several shards as one, read by somebody who is slow. */
import { describe, expect, it } from "vitest";
import { placeText, type RecentAttempt } from "../../../src/core/live.ts";
import type { Live } from "../../../src/manage/live.ts";
import { livesOver } from "../../../src/manage/lives.ts";
import { delivered } from "../observe/happenings.ts";

const attempt = (at: number): RecentAttempt => ({ place: { entry: `${at}-0`, nth: 0 }, record: delivered });
const timesOf = (attempts: readonly RecentAttempt[]) =>
  attempts.map(({ place }) => Number(place.entry.split("-", 1)[0]));
const numbers = (count: number, from: number, step = 1): number[] =>
  Array.from({ length: count }, (_, n) => from + n * step);

/** A shard with attempts of these times; more come by `push`. `dropped` are told once. */
function liveOf(times: number[], { dropped = 0, isKnown = true } = {}): Live {
  let [told, last] = [dropped, "0-0"];
  return {
    open: async () => ({
      take: (most) => {
        const attempts = times.splice(0, most).map(attempt);
        const lost = told;
        told = 0;
        last = attempts.map(({ place }) => placeText(place)).at(-1) ?? last;
        return { dropped: lost, attempts, place: isKnown && times.length === 0 ? last : null };
      },
      close: () => undefined,
    }),
    close: () => undefined,
  };
}

const opened = (...lives: readonly Live[]) =>
  livesOver(lives).open({}, null, { onNews: () => undefined, onEnd: () => undefined });

describe("a live view of several shards", () => {
  it("has the oldest of all first, however many wait in one", async () => {
    const first = numbers(1_000, 1_000);
    const view = await opened(liveOf(first), liveOf(numbers(30, 500)));
    expect(timesOf(view.take(100).attempts)).toEqual([...numbers(30, 500), ...numbers(70, 1_000)]);
  });

  it("serves each while ever more comes of the others", async () => {
    const [first, second] = [numbers(150, 1), numbers(150, 1)];
    const view = await opened(liveOf(first), liveOf(second));
    const seen: number[] = [];
    for (let n = 0; n < 6; n += 1) {
      seen.push(...timesOf(view.take(50).attempts));
      first.push(...numbers(50, 151 + n * 50));
    }
    expect(seen).toEqual(numbers(150, 1).flatMap((at) => [at, at]));
  });

  it("has each once, with a place that is right in every shard, and says what was lost", async () => {
    const view = await opened(liveOf(numbers(120, 2, 2), { dropped: 7 }), liveOf(numbers(120, 1, 2)));
    const takes = Array.from({ length: 6 }, () => view.take(50));
    expect(takes.flatMap(({ attempts }) => timesOf(attempts))).toEqual(numbers(240, 1));
    expect(takes[0]?.places?.slice(0, 3)).toEqual(["~1-0.0", "2-0.0~1-0.0", "2-0.0~3-0.0"]);
    expect(takes[0]?.places?.at(-1)).toBe("50-0.0~49-0.0");
    expect(takes.map(({ dropped }) => dropped)).toEqual([7, 0, 0, 0, 0, 0]);
    expect(takes.map(({ place }) => place)).toEqual([
      ...[null, null, null, null],
      ...["240-0.0~239-0.0", "240-0.0~239-0.0"],
    ]);
  });

  it("waits for none that is away", async () => {
    const view = await opened(liveOf([], { isKnown: false }), liveOf(numbers(3, 1)));
    const { attempts, places, place } = view.take(100);
    expect(timesOf(attempts)).toEqual([1, 2, 3]);
    expect([places?.at(-1), place]).toEqual(["~3-0.0", null]);
  });
});
