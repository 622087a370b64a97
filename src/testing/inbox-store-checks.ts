/**
 * Checks that any inbox store must pass, by name, to run in any test framework:
 * `for (const { title, run } of inboxStoreChecks(createStore)) it(title, run);`
 * Each check uses ids of its own, so that one store may serve them all. None sleeps for a fixed time.
 */
import { setTimeout as pause } from "node:timers/promises";
import { system } from "../config/system.ts";
import type { Claim, InboxStore } from "../receiver/inbox-store.ts";

export interface InboxStoreCheck {
  readonly title: string;
  /** Rejects with a sentence when the store does something else. */
  readonly run: () => Promise<void>;
}

const LONG_MS = 60_000;
const SHORT_MS = 40;
const PATIENCE_MS = 5_000;

type Check = (store: InboxStore, id: string) => Promise<void>;

const CHECKS: Readonly<Record<string, Check>> = {
  "gives an event to one of 100 that claim it at once": async (store, id) => {
    const claims = Array.from({ length: 100 }, (_, n) => store.claim(id, `holder-${n}`, LONG_MS));
    const kinds = (await Promise.all(claims)).map(({ kind }) => kind);
    expectThat("one claim", kinds.filter((kind) => kind === "claimed").length === 1, kinds.join(" "));
    expectThat("the others busy", kinds.filter((kind) => kind === "busy").length === 99, kinds.join(" "));
  },
  "says how long an event is in work at most": async (store, id) => {
    await store.claim(id, "one", LONG_MS);
    const claim = await store.claim(id, "other", LONG_MS);
    const forMs = claim.kind === "busy" ? claim.forMs : -1;
    expectThat(
      `busy for at most ${LONG_MS} ms`,
      forMs > LONG_MS / 2 && forMs <= LONG_MS,
      JSON.stringify(claim),
    );
  },
  "remembers what is done": async (store, id) => {
    await store.claim(id, "one", LONG_MS);
    await store.complete(id, LONG_MS);
    expectKind("done", await store.claim(id, "other", LONG_MS));
  },
  "gives a released event to the next": async (store, id) => {
    await store.claim(id, "one", LONG_MS);
    await store.release(id, "one");
    expectKind("claimed", await store.claim(id, "other", LONG_MS));
  },
  "gives the event of a crashed holder to one other, once its lease is over": async (store, id) => {
    await store.claim(id, "crashed", SHORT_MS);
    await untilClaimed(store, id, "next");
    expectKind("busy", await store.claim(id, "third", LONG_MS));
  },
  "does not let a holder whose lease is over release another's claim": async (store, id) => {
    await store.claim(id, "slow", SHORT_MS);
    await untilClaimed(store, id, "next");
    await store.release(id, "slow");
    expectKind("busy", await store.claim(id, "third", LONG_MS));
  },
  "takes the word of a holder whose lease is over that it is done": async (store, id) => {
    await store.claim(id, "slow", SHORT_MS);
    await untilClaimed(store, id, "next");
    await store.complete(id, LONG_MS);
    await store.release(id, "next");
    expectKind("done", await store.claim(id, "third", LONG_MS));
  },
  "forgets what was done long ago": async (store, id) => {
    await store.claim(id, "one", LONG_MS);
    await store.complete(id, SHORT_MS);
    await untilClaimed(store, id, "other");
  },
  "keeps events apart, whatever characters are in their ids": async (store, id) => {
    const ids = ["", ".", ":", "*", "%", "'", '"', "\\", " ", "é", "A", "a"].map((ending) => id + ending);
    for (const one of ids) expectKind("claimed", await store.claim(one, "holder", LONG_MS));
  },
};

/** `createStore` is called once per check. */
export function inboxStoreChecks(
  createStore: () => InboxStore | Promise<InboxStore>,
): readonly InboxStoreCheck[] {
  return Object.entries(CHECKS).map(([title, check]) => ({
    title,
    run: async () => check(await createStore(), `evt_${system.uuid()}`),
  }));
}

async function untilClaimed(store: InboxStore, id: string, holder: string): Promise<void> {
  const giveUpAt = system.monotonicMs() + PATIENCE_MS;
  let claim = await store.claim(id, holder, LONG_MS);
  while (claim.kind !== "claimed") {
    expectThat(`a claim within ${PATIENCE_MS} ms`, system.monotonicMs() < giveUpAt, claim.kind);
    await pause(SHORT_MS / 4);
    claim = await store.claim(id, holder, LONG_MS);
  }
}

function expectKind(kind: Claim["kind"], claim: Claim): void {
  expectThat(kind, claim.kind === kind, claim.kind);
}

function expectThat(expected: string, holds: boolean, got: string): void {
  if (!holds) throw new Error(`expected ${expected}, got ${got}`);
}
