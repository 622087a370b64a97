import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { createInbox, type InboxResult } from "../../../src/receiver/inbox.ts";
import { createMemoryStore, type InboxStore } from "../../../src/receiver/inbox-store.ts";
import type { WebhookEvent } from "../../../src/receiver/webhook-event.ts";
import { inboxStoreChecks } from "../../../src/testing/inbox-store-checks.ts";

const event = (id = "evt_1"): WebhookEvent => ({
  kind: "custom",
  id,
  type: "thing.done",
  timestamp: "",
  data: {},
});
const kindsOf = (results: readonly InboxResult[]): readonly string[] =>
  results.map(({ kind }) => kind).toSorted();

describe("the store in memory", () => {
  for (const { title, run } of inboxStoreChecks(() => createMemoryStore())) it(title, run);

  it("lets go of what has expired, so that it does not grow for ever", async () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage: () => void = runInNewContext("gc");
    const heapBytes = () => {
      collectGarbage();
      return getHeapStatistics().used_heap_size;
    };
    let now = 0;
    const store = createMemoryStore({ now: () => now });
    const before = heapBytes();
    for (let n = 0; n < 100_000; n += 1) {
      now += 1;
      await store.claim(`evt_${n}`, "holder", 10);
      await store.complete(`evt_${n}`, 100);
    }
    // 100,000 entries would be more than 10 MB.
    expect(heapBytes() - before).toBeLessThan(4_000_000);
    await expect(store.claim("evt_99950", "holder", 10)).resolves.toEqual({ kind: "done" });
  });
});

describe.concurrent("the checks for stores", () => {
  /** A store of one's own with one thing wrong, and the check that finds it. */
  const wrong: readonly (readonly [string, (store: InboxStore) => Partial<InboxStore>])[] = [
    [
      "gives an event to one of 100 that claim it at once",
      () => ({ claim: async () => ({ kind: "claimed" }) }),
    ],
    [
      "says how long an event is in work at most",
      (store) => ({
        claim: async (...args) => {
          const claim = await store.claim(...args);
          return claim.kind === "busy" ? { kind: "busy", forMs: 0 } : claim;
        },
      }),
    ],
    ["remembers what is done", () => ({ complete: async () => undefined })],
    ["gives a released event to the next", () => ({ release: async () => undefined })],
    [
      "gives the event of a crashed holder to one other, once its lease is over",
      (store) => ({ claim: (id, holder) => store.claim(id, holder, 60_000) }),
    ],
    [
      "does not let a holder whose lease is over release another's claim",
      (store) => ({ release: (id) => store.release(id, "next") }),
    ],
    ["forgets what was done long ago", (store) => ({ complete: (id) => store.complete(id, 60_000) })],
    [
      "keeps events apart, whatever characters are in their ids",
      (store) => ({ claim: (id, holder, leaseMs) => store.claim(id.toLowerCase(), holder, leaseMs) }),
    ],
  ];

  it.each(wrong)("find a store that fails where it %s", async (title, spoil) => {
    const store = createMemoryStore();
    const checks = inboxStoreChecks(() => ({ ...store, ...spoil(store) }));
    const check = checks.find((one) => one.title === title);
    await expect(check?.run()).rejects.toThrow(/^expected .*, got /);
  });
});

describe("an inbox", () => {
  it("runs the handler once for 100 copies at once, and for none that comes later", async () => {
    let runs = 0;
    const finish = Promise.withResolvers<void>();
    const handler = async () => {
      runs += 1;
      await finish.promise;
    };
    const inbox = createInbox({ store: createMemoryStore(), handler });

    const copies = Array.from({ length: 100 }, () => inbox.process(event()));
    const early = await Promise.all(copies.map((copy) => Promise.race([copy, tick()])));
    finish.resolve();
    const results = await Promise.all(copies);
    const late = await inbox.process(event());

    expect(early.filter((result) => result?.kind === "busy")).toHaveLength(99);
    expect(kindsOf(results)).toEqual([...Array.from({ length: 99 }, () => "busy"), "handled"]);
    expect(late).toEqual({ kind: "duplicate" });
    expect(runs).toBe(1);
  });

  it("tells a copy of an event in work to come back when its lease is over", async () => {
    let now = 0;
    const finish = Promise.withResolvers<void>();
    const store = createMemoryStore({ now: () => now });
    const inbox = createInbox({ store, handler: () => finish.promise, leaseMs: 30_000 });
    const first = inbox.process(event());
    now = 12_345;
    await expect(inbox.process(event())).resolves.toEqual({ kind: "busy", retryAfterSeconds: 18 });
    now = 29_999.5;
    await expect(inbox.process(event())).resolves.toEqual({ kind: "busy", retryAfterSeconds: 1 });
    finish.resolve();
    await expect(first).resolves.toEqual({ kind: "handled" });
  });

  it("tells a copy to come back in a second at the earliest, also when the lease is over as it is asked", async () => {
    const store: InboxStore = { ...createMemoryStore(), claim: async () => ({ kind: "busy", forMs: 0 }) };
    const inbox = createInbox({ store, handler: () => undefined });
    expect(await inbox.process(event())).toEqual({ kind: "busy", retryAfterSeconds: 1 });
  });

  it("frees an event whose handler throws, and says what it threw", async () => {
    const attempts: string[] = [];
    const handler = (received: WebhookEvent) => {
      attempts.push(received.id);
      if (attempts.length === 1) throw new Error("the database is away");
    };
    const inbox = createInbox({ store: createMemoryStore(), handler });
    await expect(inbox.process(event())).rejects.toThrow("the database is away");
    await expect(inbox.process(event())).resolves.toEqual({ kind: "handled" });
    await expect(inbox.process(event())).resolves.toEqual({ kind: "duplicate" });
    expect(attempts).toEqual(["evt_1", "evt_1"]);
  });

  it("says what the handler threw also when the store cannot release it", async () => {
    const store = { ...createMemoryStore(), release: () => Promise.reject(new Error("the store is away")) };
    const inbox = createInbox({ store, handler: () => Promise.reject(new Error("the handler's")) });
    await expect(inbox.process(event())).rejects.toThrow("the handler's");
  });

  it("does not run the handler while the store is away", async () => {
    let runs = 0;
    const store = { ...createMemoryStore(), claim: () => Promise.reject(new Error("the store is away")) };
    const handler = () => {
      runs += 1;
    };
    const inbox = createInbox({ store, handler });
    await expect(inbox.process(event())).rejects.toThrow("the store is away");
    expect(runs).toBe(0);
  });

  it("keeps the endpoints that share its store apart, and each one's copies from its handler", async () => {
    const store = createMemoryStore();
    const handled: string[] = [];
    const inboxOf = (endpoint: string) =>
      createInbox({ store, endpoint, handler: ({ id }) => handled.push(`${endpoint} ${id}`) });
    const [billing, search] = [inboxOf("billing"), inboxOf("search")];
    const results = [await billing.process(event()), await search.process(event())];
    results.push(await billing.process(event()), await inboxOf("search").process(event()));

    expect(handled).toEqual(["billing evt_1", "search evt_1"]);
    expect(kindsOf(results)).toEqual(["duplicate", "duplicate", "handled", "handled"]);
  });

  it("keeps events apart and handles them side by side", async () => {
    const handled: string[] = [];
    const inbox = createInbox({ store: createMemoryStore(), handler: ({ id }) => handled.push(id) });
    await Promise.all(["a", "b", "c"].map((id) => inbox.process(event(id))));
    expect(handled.toSorted()).toEqual(["a", "b", "c"]);
  });
});

const tick = (): Promise<null> => new Promise((resolve) => setImmediate(resolve, null));
