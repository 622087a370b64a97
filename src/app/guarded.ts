/**
 * Calls that are held back: a service that was refused its start writes nothing, whoever asks, and before there is a
 * connection a caller waits for it, a second at the most, instead of hearing of a stream that cannot be written.
 */
import type { Management } from "../manage/management.ts";
import type { Publisher } from "../publish/publisher.ts";
import { type Redis, untilReady } from "../store/redis.ts";

type Part = keyof Management;

/** Members that change something. A member that is itself a function stands under its own name. */
export const WRITERS: Readonly<Partial<Record<Part, readonly string[]>>> = {
  endpoints: [
    ...["add", "create", "ensure", "replace", "amend"],
    ...["enable", "disable", "rotateSecret", "remove"],
  ],
  events: ["publishOnce", "replay"],
  deliveries: ["retry", "cancel"],
  deadLetters: ["replay", "remove", "purge"],
  replays: ["begin", "order"],
  keys: ["create", "revoke"],
  sessions: ["begin", "end"],
  migration: ["set"],
  enableEndpoint: ["enableEndpoint"],
};

/** Members that only look, and need Redis for it. */
export const READERS: Readonly<Partial<Record<Part, readonly string[]>>> = {
  endpoints: ["get", "list", "page", "attempts", "statistics"],
  events: ["get", "feed", "latest"],
  deliveries: ["list", "get"],
  deadLetters: ["list", "count", "get"],
  replays: ["get"],
  keys: ["list"],
  sessions: ["use"],
  audit: ["list"],
  health: ["health"],
  queueCounts: ["queueCounts"],
  explainEvent: ["explainEvent"],
  testEndpoint: ["testEndpoint"],
};

/** Members that must answer also without Redis: from memory, by the bus, or because they look after it. */
export const UNGUARDED: Readonly<Partial<Record<Part, readonly string[]>>> = {
  keys: ["check", "exist", "areKnown"],
  migration: ["status", "report", "isBusEnough"],
  replays: ["attend"],
  doctor: ["doctor"],
};

/** By the bus alone they may be possible while there is no store. */
const ALSO_WITHOUT_REDIS: ReadonlySet<string> = new Set(["publishOnce"]);

export interface Guard {
  readonly publisher: (publisher: Publisher) => Publisher;
  readonly management: (management: Management) => Management;
  /** A start that is refused is the answer to every writer from then on, until another one is not. */
  readonly starting: (start: () => Promise<void>) => () => Promise<void>;
}

type Before = (name: string) => Promise<void> | null;

export function createGuard(redis: Redis): Guard {
  let refusal: unknown = null;
  const refused = (): Promise<void> | null => (refusal === null ? null : Promise.reject(refusal));
  const beforeWrite: Before = (name) =>
    refused() ?? (redis.status === "ready" || ALSO_WITHOUT_REDIS.has(name) ? null : untilReady(redis));
  const beforeRead: Before = () => (isFirstConnection(redis) ? untilReady(redis) : null);
  return {
    publisher: (publisher) => guarded(publisher, ["publish", "publishMany"], refused),
    management: (management) => {
      const parts = Object.entries(management).map(([part, members]) => {
        const [writers, readers] = [namesIn(WRITERS, part), namesIn(READERS, part)];
        if (typeof members !== "function")
          return [part, guarded(guarded(members, writers, beforeWrite), readers, beforeRead)];
        const before = writers.includes(part) ? beforeWrite : beforeRead;
        return [part, guarded({ [part]: members }, [...writers, ...readers], before)[part]];
      });
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

const namesIn = (table: Readonly<Record<string, readonly string[]>>, part: string): readonly string[] =>
  table[part] ?? [];

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
