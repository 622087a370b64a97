/** A live view as the stream of an answer, where the service is closed while the view is still being opened. */
import { describe, expect, it } from "vitest";
import { openLiveStream } from "../../../src/api/live-stream.ts";

describe("a live stream", () => {
  it("whose service is closed before its view is there has ended", async () => {
    let isClosed = false;
    const view = {
      take: () => ({ dropped: 0, attempts: [], place: null }),
      close: () => {
        isClosed = true;
      },
    };
    const { stream } = await openLiveStream(
      async ({ onEnd }) => {
        onEnd();
        return view;
      },
      async () => true,
    );
    expect(stream.destroyed).toBe(true);
    expect(isClosed).toBe(true);
  });
});
