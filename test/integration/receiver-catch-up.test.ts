/** How `catchUp` pages, and what it makes of answers that no feed of ours gives; with the feed itself: catch-up.test.ts. */
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { CatchUpError, catchUp } from "../../src/receiver/catch-up.ts";
import { edgeFetch } from "../support/edge-fetch.ts";
import { type FeedEvent, startFeed } from "../support/feed.ts";

const KEY = "key_of_the_receiver";

const event = (n: number): FeedEvent => ({
  id: `evt_${n}`,
  type: n % 2 === 0 ? "job.completed" : "invoice.paid",
  timestamp: "2025-03-04T05:06:07Z",
  data: { job_id: `j_${n}`, video_id: "v" },
});

describe("catching up, whatever the feed answers", () => {
  it("hands over everything, page by page, in the feed's order, and says where to go on", async () => {
    await using feed = await startFeed(KEY);
    feed.events.push(...[1, 2, 3, 4, 5].map(event));
    const seen: string[] = [];
    const cursors: string[] = [];
    const result = await catchUp({
      baseUrl: feed.baseUrl,
      apiKey: KEY,
      handler: ({ kind, id }) => seen.push(`${kind} ${id}`),
      onPage: (cursor) => cursors.push(cursor),
    });
    expect(seen).toEqual(["custom evt_1", "known evt_2", "custom evt_3", "known evt_4", "custom evt_5"]);
    expect(cursors).toEqual(["evt_2", "evt_4"]);
    expect(result).toEqual({ events: 5, cursor: "evt_4" });
    expect(feed.asked).toEqual(["?limit=100", "?limit=100&after=evt_2", "?limit=100&after=evt_4"]);
  });

  it("ends where the feed repeats its cursor, instead of going round for ever", async () => {
    await using feed = await startFeed(KEY);
    feed.broken = { status: 200, body: JSON.stringify({ data: [], next: "evt_1" }) };
    const options = { baseUrl: feed.baseUrl, apiKey: KEY, handler: () => undefined };
    await expect(catchUp(options)).resolves.toEqual({ events: 0, cursor: "evt_1" });
  });

  it("stops where the handler throws, and remembers no page that was not handled whole", async () => {
    await using feed = await startFeed(KEY);
    feed.events.push(...[1, 2, 3, 4, 5].map(event));
    const seen: string[] = [];
    const cursors: string[] = [];
    const running = catchUp({
      baseUrl: feed.baseUrl,
      apiKey: KEY,
      handler: ({ id }) => {
        if (id === "evt_4") throw new Error("the database is away");
        seen.push(id);
      },
      onPage: (cursor) => cursors.push(cursor),
    });
    await expect(running).rejects.toThrow("the database is away");
    expect(seen).toEqual(["evt_1", "evt_2", "evt_3"]);
    expect(cursors).toEqual(["evt_2"]);
  });

  it.each([
    ["a wrong key", undefined, 401],
    ["an outage", { status: 503, body: "" }, 503],
    ["no JSON", { status: 200, body: "<html>" }, null],
    ["another shape", { status: 200, body: '{"data":{}}' }, null],
    ["what is no event", { status: 200, body: '{"data":[{"id":1}],"next":null}' }, null],
  ])("says what came instead, and not the key: %s", async (_, broken, status) => {
    await using feed = await startFeed(KEY);
    feed.broken = broken;
    const running = catchUp({ baseUrl: feed.baseUrl, apiKey: "wrong_key", handler: () => undefined });
    const error: unknown = await running.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CatchUpError);
    expect(error).toMatchObject({
      status,
      message: expect.stringMatching(/^expected .* from the feed, got /),
    });
    expect(String(error)).not.toContain("wrong_key");
  });

  it("does not follow a redirect, which would take the key elsewhere", async () => {
    await using feed = await startFeed(KEY);
    await using elsewhere = await startFeed(KEY);
    feed.broken = { status: 302, body: "", headers: { location: `${elsewhere.baseUrl}api/v1/events` } };
    const options = { baseUrl: feed.baseUrl, apiKey: KEY, handler: () => undefined };
    await expect(catchUp(options)).rejects.toMatchObject({ name: "CatchUpError", status: 302 });
    expect(elsewhere.asked).toEqual([]);
  });

  it("runs where a redirect can only be followed or handed over", async () => {
    await using feed = await startFeed(KEY);
    vi.stubGlobal("fetch", edgeFetch);
    onTestFinished(() => void vi.unstubAllGlobals());
    const options = { baseUrl: feed.baseUrl, apiKey: KEY, handler: () => undefined };
    await expect(catchUp(options)).resolves.toMatchObject({ events: 0 });
  });

  it("does not wait for ever for a page", async () => {
    await using feed = await startFeed(KEY);
    feed.broken = "silent";
    const options = { baseUrl: feed.baseUrl, apiKey: KEY, handler: () => undefined, timeoutMs: 50 };
    await expect(catchUp(options)).rejects.toMatchObject({ name: "TimeoutError" });
  });
});
