/** A live view on its way from the place that somebody came back to, to where all others are. */
import { describe, expect, it } from "vitest";
import { createLiveView } from "../../../src/manage/live-view.ts";
import { until } from "../../support/until.ts";
import { delivered } from "../observe/happenings.ts";

const placeOf = (entry: string) => ({ entry, nth: Number.POSITIVE_INFINITY });
const attempt = (entry: string) => ({ place: { entry, nth: 0 }, record: delivered });

describe("a view that comes back", () => {
  it("has once what it has read before all others heard it", async () => {
    let isRead = false;
    const { view, watcher } = createLiveView({
      recent: {
        after: async () => ({
          attempts: [attempt("2-0"), attempt("3-0")],
          upTo: placeOf("3-0"),
          isFull: false,
          isWhole: true,
        }),
      },
      filter: {},
      start: placeOf("1-0"),
      listener: {
        onNews: () => {
          isRead = true;
        },
        onEnd: () => undefined,
      },
      placeNow: () => placeOf("1-0"),
      leave: () => undefined,
    });
    view.take(100);
    await until("it has read its page", () => isRead);
    watcher.hear([attempt("2-0")], placeOf("2-0"));
    watcher.hear([attempt("3-0"), attempt("4-0")], placeOf("4-0"));

    const { attempts, place } = view.take(100);
    expect(attempts.map((one) => one.place.entry)).toEqual(["2-0", "3-0", "4-0"]);
    expect(place).toBe("4-0");
  });
});
