/** A process that stood still for a while (a paused machine, SIGSTOP) blames nobody else for it. */
import { afterEach, describe, expect, it } from "vitest";
import type { Lookup } from "../../src/deliver/resolver.ts";
import { isDrained } from "../support/drained.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { standStill } from "../support/stand-still.ts";
import { openThings, postTo } from "../support/transports.ts";
import { until } from "../support/until.ts";
import { startWorker } from "../support/workers.ts";

const ALL = { eventId: null, endpointId: null, status: null, since: null, until: null };

const { transport: openTransport, closeAll } = openThings();
afterEach(closeAll);

describe("a worker that is frozen for longer than its receivers may take", () => {
  it("charges no attempt and sends nothing twice", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver((response) => {
      setTimeout(() => response.writeHead(200).end(), 300);
    });
    await using api = await startHookwave(redis, { role: "api" });
    await api.endpoints.add({ id: "one", url: receiver.url, maxInFlight: 20, timeoutMs: 2_000 });
    await using worker = await startWorker(redis);
    await api.publishMany(
      Array.from({ length: 20 }, (_, n) => ({ id: `evt_${n}`, type: "thing.made", data: {} })),
    );
    await receiver.received(20);

    process.kill(worker.pid, "SIGSTOP");
    const frozenAt = performance.now();
    await until("every deadline is long over", () => performance.now() - frozenAt > 3_000);
    process.kill(worker.pid, "SIGCONT");

    await until("nothing is left to do", () => isDrained(api));
    const { data } = await api.deliveries.list(ALL, { after: null, limit: 100 });
    const outcomes = data.map(({ state }) => state.attempts.map(({ outcome }) => outcome));
    expect(outcomes).toEqual(Array.from({ length: 20 }, () => ["delivered"]));
    expect(receiver.requests).toHaveLength(20);
  }, 60_000);
});

describe("a process that stands still while it opens a connection", () => {
  it("still gives the receiver its time", async () => {
    await using receiver = await startReceiver(200);
    const post = openTransport().post(postTo(receiver.url, { timeoutMs: 300 }));
    standStill(1_000);
    expect(await post).toMatchObject({ status: 200 });
  });

  it("also gives it the time to connect", async () => {
    await using receiver = await startReceiver(200);
    const lookup: Lookup = () => {
      setImmediate(standStill, 1_000);
      return Promise.resolve([{ address: "127.0.0.1", family: 4 }]);
    };
    const url = receiver.url.replace("127.0.0.1", "hooks.acme-corp.com");
    const transport = openTransport({ lookup, connectTimeoutMs: 300 });
    expect(await transport.post(postTo(url))).toMatchObject({ status: 200 });
  });
});
