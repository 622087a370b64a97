/**
 * Calls that are held back: a service that was refused its start writes nothing, whoever asks, and before there is a
 * connection a caller waits for it, a second at the most, instead of hearing of a stream that cannot be written.
 */
import type { Shards } from "../core/shards.ts";
import type { Management } from "../manage/management.ts";
import type { Publisher } from "../publish/publisher.ts";
import { type Redis, untilReady } from "../store/redis.ts";

type Part = keyof Management;

/** A member that changes something, one that looks and needs Redis for it, and one that must answer without it as well. */
type Need = "writes" | "looks" | "answers";

/** Of each member, whatever comes: one that is missing here does not compile. */
type Needs = {
  readonly [Name in Part]: Management[Name] extends (...words: never) => unknown
    ? Need
    : { readonly [Member in keyof Management[Name]]: Need };
};

export const NEEDS: Needs = {
  endpoints: {
    ...{ add: "writes", create: "writes", ensure: "writes", replace: "writes", amend: "writes" },
    ...{ enable: "writes", disable: "writes", rotateSecret: "writes", remove: "writes" },
    ...{ get: "looks", list: "looks", page: "looks", attempts: "looks", statistics: "looks" },
  },
  events: {
    ...{ publishOnce: "writes", replay: "writes" },
    ...{ get: "looks", feed: "looks", feedEnd: "looks", latest: "looks" },
  },
  deliveries: { retry: "writes", cancel: "writes", list: "looks", get: "looks" },
  deadLetters: {
    ...{ replay: "writes", remove: "writes", purge: "writes" },
    ...{ list: "looks", count: "looks", groups: "looks", get: "looks" },
  },
  // It looks after what runs, also while Redis is away.
  replays: { begin: "writes", order: "writes", list: "looks", get: "looks", attend: "answers" },
  // Checked from memory.
  keys: {
    ...{ create: "writes", revoke: "writes", list: "looks" },
    ...{ check: "answers", checkAnew: "answers", exist: "answers", areKnown: "answers" },
  },
  sessions: { begin: "writes", end: "writes", use: "looks" },
  sources: { create: "writes", change: "writes", remove: "writes", list: "looks", get: "looks" },
  callbacks: {
    ...{ mark: "writes", markAll: "writes", forward: "writes" },
    ...{ list: "looks", get: "looks", counts: "looks" },
  },
  receiveCallback: "writes",
  // By the bus alone.
  migration: { set: "writes", status: "answers", report: "answers", isBusEnough: "answers" },
  enableEndpoint: "writes",
  testEndpoint: "looks",
  explainEvent: "looks",
  health: "looks",
  queueCounts: "looks",
  statistics: "looks",
  doctor: "answers",
  // It waits for Redis by itself, and goes on when that is back.
  live: { open: "answers" },
  audit: { list: "looks" },
};

/** By the bus alone they may be possible while there is no store. */
const ALSO_WITHOUT_REDIS: ReadonlySet<string> = new Set(["publishOnce"]);

export interface Guard {
  readonly publisher: (publisher: Publisher) => Publisher;
  readonly management: (management: Management) => Management;
  /** A start that is refused is the answer to every writer from then on, until another one is not. */
  readonly starting: (start: () => Promise<void>) => () => Promise<void>;
}

/** That of home, and those of the shards. */
interface Connections {
  readonly redis: Redis;
  readonly shards: Shards<{ readonly redis: Redis }>;
}

type Before = (name: string) => Promise<void> | null;

/** Home has to be there; of the others, a first connection is waited for. */
export function createGuard({ redis, shards }: Connections): Guard {
  let refusal: unknown = null;
  const refused = (): Promise<void> | null => (refusal === null ? null : Promise.reject(refusal));
  const untilBegun = (home: Promise<void> | null): Promise<void> | null => {
    const begun = shards.all.flatMap((one) =>
      one.redis !== redis && isFirstConnection(one.redis) ? untilReady(one.redis).catch(() => undefined) : [],
    );
    return begun.length === 0 ? home : Promise.all([home, ...begun]).then(() => undefined);
  };
  const beforeWrite: Before = (name) =>
    refused() ??
    untilBegun(redis.status === "ready" || ALSO_WITHOUT_REDIS.has(name) ? null : untilReady(redis));
  const beforeRead: Before = () => untilBegun(isFirstConnection(redis) ? untilReady(redis) : null);
  const guardAll = (members: Readonly<Record<string, unknown>>, needs: Readonly<Record<string, Need>>) => {
    const of = (need: Need): readonly string[] => Object.keys(needs).filter((name) => needs[name] === need);
    return guarded(guarded(members, of("writes"), beforeWrite), of("looks"), beforeRead);
  };
  return {
    publisher: (publisher) => guarded(publisher, ["publish", "publishMany"], refused),
    management: (management) => {
      const parts = Object.entries(NEEDS).map(
        ([part, needs]: [string, Need | Readonly<Record<string, Need>>]) => {
          const members: unknown = Reflect.get(management, part);
          if (typeof needs !== "string") return [part, guardAll(Object(members), needs)];
          return [part, guardAll({ [part]: members }, { [part]: needs })[part]];
        },
      );
      return { ...management, ...Object.fromEntries(parts) };
    },
    starting: (start) => async () => {
      refusal = null;
      await start().catch((error: unknown) => {
        refusal = error;
        throw error;
      });
    },
  };
}

/** Known to be down is said by whoever is asked: only a first connection is worth waiting for. */
const isFirstConnection = ({ status }: Redis): boolean => ["connecting", "connect", "wait"].includes(status);

/** The same object, but for its members of these names, which `before` lets go on at once where it says null. */
function guarded<Members extends object>(
  members: Members,
  names: readonly string[],
  before: Before,
): Members {
  const watched = new Proxy(members, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof name !== "string" || !names.includes(name) || typeof member !== "function") return member;
      return (...words: readonly unknown[]) => {
        const wait = before(name);
        return wait === null ? member(...words) : wait.then(() => member(...words));
      };
    },
  });
  return { ...watched };
}
