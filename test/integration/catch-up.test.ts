/** A receiver that was away catches up from the real feed: what webhooks brought is skipped, what they did not is there. */
import { describe, expect, it } from "vitest";
import { catchUp } from "../../src/receiver/catch-up.ts";
import { createInbox } from "../../src/receiver/inbox.ts";
import { createMemoryStore } from "../../src/receiver/inbox-store.ts";
import { verify } from "../../src/receiver/verify.ts";
import { startApi } from "../support/api.ts";
import { untilIdle } from "../support/deliveries.ts";
import { type Answer, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave } from "../support/service.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

async function publish(hookwave: TestHookwave, ids: readonly string[], type = "invoice.paid"): Promise<void> {
  await hookwave.publishMany(ids.map((id) => ({ id, type, data: { of: id } })));
  await untilIdle(hookwave);
}

const readKey = async (hookwave: TestHookwave): Promise<string> =>
  (await hookwave.keys.create({ name: "receiver", roles: ["read"] })).token;

const numbered = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `evt_${n}`);

describe("catching up from the feed", () => {
  it("brings a receiver that was down exactly what it missed, and goes on from there the next time", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    const handled: string[] = [];
    const inbox = createInbox({ store: createMemoryStore(), handler: ({ id }) => handled.push(id) });
    const takesIn: Answer = (response, { body, headers }) => {
      void verify(body, headers, SECRET)
        .then(inbox.process)
        .then(() => response.writeHead(200).end());
    };
    await using receiver = await startReceiver(takesIn);
    await hookwave.endpoints.add({ url: receiver.url, secrets: [SECRET], retrySchedule: [] });
    await publish(hookwave, ["evt_1", "evt_2"]);
    receiver.replies(503);
    await publish(hookwave, ["evt_3", "evt_4"]);
    receiver.replies(takesIn);
    await publish(hookwave, ["evt_5"]);
    expect(handled.toSorted()).toEqual(["evt_1", "evt_2", "evt_5"]);

    const options = { baseUrl: api.url, apiKey: await readKey(hookwave), handler: inbox.process };
    const first = await catchUp(options);

    expect(handled.slice(3)).toEqual(["evt_3", "evt_4"]);
    expect(first).toEqual({ events: 5, cursor: expect.stringMatching(/^\d+-\d+$/) });
    await publish(hookwave, ["evt_6"]);
    expect(await catchUp({ ...options, after: first.cursor })).toMatchObject({ events: 1 });
    expect(new Set(handled).size).toBe(handled.length);
  });

  it("reads as many pages as there are, and only the types it is told", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    const ids = numbered(250);
    await publish(hookwave, ["evt_other"], "thing.made");
    await publish(hookwave, ids);
    const seen: string[] = [];
    const pages: string[] = [];
    const options = {
      baseUrl: api.url,
      apiKey: await readKey(hookwave),
      handler: ({ id }: { readonly id: string }) => seen.push(id),
      onPage: (cursor: string) => pages.push(cursor),
    };

    await catchUp(options);
    expect(seen[0]).toBe("evt_other");
    expect(seen.slice(1).toSorted()).toEqual(ids.toSorted());
    expect(pages).toHaveLength(3);
    seen.length = 0;
    await catchUp({ ...options, type: "invoice.*" });
    expect(seen.toSorted()).toEqual(ids.toSorted());
  });

  it("has nothing to do where there is nothing, and needs a key that may read", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    const options = { baseUrl: api.url, apiKey: await readKey(hookwave), handler: () => undefined };
    await expect(catchUp(options)).resolves.toEqual({ events: 0, cursor: undefined });
    await expect(catchUp({ ...options, after: "1-0" })).resolves.toEqual({ events: 0, cursor: "1-0" });

    const { token } = await hookwave.keys.create({ name: "producer", roles: ["publish"] });
    await expect(catchUp({ ...options, apiKey: token })).rejects.toMatchObject({ status: 403 });
    await expect(catchUp({ ...options, apiKey: "wrong" })).rejects.toMatchObject({ status: 401 });
  });
});
