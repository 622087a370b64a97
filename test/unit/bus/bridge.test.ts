import { describe, expect, it } from "vitest";
import { type BridgeDeps, createBridge } from "../../../src/bus/bridge.ts";
import type { BridgeSource, BusMessage } from "../../../src/bus/bridge-ports.ts";
import { messageIdOf } from "../../../src/bus/uuid5.ts";
import type { BridgeNews } from "../../../src/core/bridge.ts";
import { HookwaveError } from "../../../src/core/errors.ts";

const complaint = { expected: "this", got: "that", remedy: "do so" };
const down = new HookwaveError("REDIS_UNAVAILABLE", complaint);

/** A source that keeps what is neither removed nor buried, as both of the store's do. */
function sourceOf(...texts: readonly string[]) {
  const there = new Set<BusMessage>(texts.map((text) => Buffer.from(text)));
  const buried: string[] = [];
  const source: BridgeSource = {
    take: async (max) => [...there].slice(0, max),
    remove: async (messages) => {
      for (const message of messages) there.delete(message);
    },
    bury: async (message) => {
      there.delete(message);
      buried.push(String(message));
    },
    finish: () => undefined,
    standing: () => ({ waiting: there.size, dropped: 0, disconnectedMs: 0, isDeaf: false }),
  };
  return { source, there, buried };
}

/** Runs until all is settled, or until it has waited `rounds` times. */
async function runAgainst(source: BridgeSource, publish: BridgeDeps["publish"], rounds = 20) {
  const stopping = new AbortController();
  const news: BridgeNews[] = [];
  const waits: number[] = [];
  const take: BridgeSource["take"] = async (max, waitMs) => {
    const messages = await source.take(max, waitMs);
    if (messages.length === 0) stopping.abort();
    return messages;
  };
  const bridge = createBridge({
    source: { ...source, take },
    publish,
    tell: (one) => news.push(one),
    pause: async (ms) => {
      waits.push(ms);
      if (waits.length >= rounds) stopping.abort();
    },
  });
  await bridge.run(stopping.signal);
  return { counts: bridge.counts(), news, waits };
}

describe("the bridge", () => {
  it("publishes all there is, many at a time, and only then forgets it", async () => {
    const { source, there } = sourceOf(...Array.from({ length: 300 }, (_, n) => `{"n":${n}}`));
    let [open, mostOpen] = [0, 0];
    const { counts } = await runAgainst(source, async () => {
      expect(there.size).toBeGreaterThan(0);
      open += 1;
      mostOpen = Math.max(mostOpen, open);
      await Promise.resolve();
      open -= 1;
    });
    expect(counts).toMatchObject({ received: 300, published: 300, waiting: 0 });
    expect(mostOpen).toBe(128);
  });

  it("rides an outage out: keeps what was refused, tries again more and more slowly, tells it once", async () => {
    const { source, buried } = sourceOf('{"n":1}');
    let left = 9;
    const { counts, news, waits } = await runAgainst(source, async () => {
      left -= 1;
      if (left > 0) throw down;
    });
    expect(counts).toMatchObject({ received: 1, published: 1, waiting: 0 });
    expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    expect(news).toMatchObject([
      { kind: "trouble", side: "hookwave", error: { code: "REDIS_UNAVAILABLE" } },
      { kind: "recovered", side: "hookwave" },
    ]);
    expect(buried).toEqual([]);
  });

  it("holds nobody up with a message that keeps being refused", async () => {
    const { source, there } = sourceOf('{"idempotency_key":"bad"}', '{"idempotency_key":"good"}');
    const published: string[] = [];
    const { counts } = await runAgainst(source, async ({ id }) => {
      if (id === "bad") throw new Error("a surprise");
      published.push(id);
    });
    expect(published).toEqual(["good"]);
    expect([...there].map(String)).toEqual(['{"idempotency_key":"bad"}']);
    expect(counts).toMatchObject({ received: 2, published: 1, waiting: 1 });
  });

  it("buries what can never be an event, and says which message it was without its text", async () => {
    const { source, buried } = sourceOf("nonsense", '{"secret":1}', '{"fine":1}');
    const { counts, news } = await runAgainst(source, async ({ dataText }) => {
      if (dataText.includes("secret")) throw new HookwaveError("EVENT_INVALID", complaint);
    });
    expect(buried).toEqual(["nonsense", '{"secret":1}']);
    expect(counts).toMatchObject({ received: 3, published: 1, refused: 2 });
    expect(news).toMatchObject([
      { kind: "refused", bytes: 8, digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
      { kind: "refused", bytes: 12 },
    ]);
    expect(JSON.stringify(news)).not.toMatch(/nonsense|secret/);
  });

  it("drops what Hookwave itself has put onto the bus", async () => {
    const { source, there } = sourceOf(`{"message_id":"${messageIdOf("evt_1")}"}`);
    const { counts } = await runAgainst(source, () => expect.fail("it was published"));
    expect(counts).toMatchObject({ received: 1, published: 0, own: 1 });
    expect(there.size).toBe(0);
  });

  it("counts a message once, also when it has to be forgotten twice", async () => {
    const { source } = sourceOf('{"n":1}');
    let failures = 2;
    const remove: BridgeSource["remove"] = async (messages) => {
      failures -= 1;
      if (failures >= 0) throw new Error("Connection is closed.");
      await source.remove(messages);
    };
    const { counts, news } = await runAgainst({ ...source, remove }, async () => undefined);
    expect(counts).toMatchObject({ received: 1, published: 1, waiting: 0 });
    expect(news).toMatchObject([
      { kind: "trouble", side: "source" },
      { kind: "recovered", side: "source" },
    ]);
  });

  it("publishes what it has when it is told to end, and does not wait for an outage", async () => {
    const texts = Array.from({ length: 200 }, (_, n) => `{"n":${n}}`);
    const stopped = AbortSignal.abort();
    const tell = () => undefined;
    const pause = () => expect.fail("it waited");

    const well = sourceOf(...texts);
    await createBridge({ ...well, publish: async () => undefined, tell, pause }).run(stopped);
    expect(well.there.size).toBe(0);

    const ill = sourceOf(...texts);
    await createBridge({ ...ill, publish: () => Promise.reject(down), tell, pause }).run(stopped);
    expect(ill.there.size).toBe(200);
  });
});
