/**
 * An outage of Redis in the log. Every connection and every poll fails again and again meanwhile, and that is one fact: one
 * line when Redis is lost, one a minute with the number of failures, and one when it is back.
 */
import type { Happening } from "../core/happening.ts";
import { isRedisAway } from "../core/redis-replies.ts";

type Failure = Happening & { readonly kind: "service.failed" };

/** It says why the server of our own cannot be started, and at which pace that is tried. */
const SAYS_MORE = "embedded_redis";

export interface OutageDeps {
  readonly write: (level: "error" | "warn", fields: object, message: string) => void;
  readonly monotonicMs: () => number;
  /** Between two lines while it lasts. */
  readonly sayEveryMs?: number;
  /** Between two looks; Redis is back when it takes a write and nothing has failed since the look before. */
  readonly lookEveryMs?: number;
}

export interface RedisOutage {
  /** True for a failure that belongs to an outage, and needs no line of its own. */
  readonly takes: (failure: Failure) => boolean;
  /** Asks Redis: until it is given, nobody can say that Redis is back. */
  readonly askBy: (takesWrites: () => Promise<boolean>) => void;
  readonly close: () => void;
}

interface Open {
  readonly since: number;
  saidAt: number;
  failedAt: number;
  failures: number;
  readonly timer: NodeJS.Timeout;
}

export function createRedisOutage(deps: OutageDeps): RedisOutage {
  const { write, monotonicMs, sayEveryMs = 60_000, lookEveryMs = 1_000 } = deps;
  let takesWrites = (): Promise<boolean> => Promise.resolve(false);
  let open: Open | null = null;
  let isClosed = false;

  const summary = ({ failures, since }: Open) => ({
    failures,
    forMs: Math.round(monotonicMs() - since),
  });

  const look = async (outage: Open): Promise<void> => {
    const askedAt = monotonicMs();
    const isQuiet = askedAt - outage.failedAt >= lookEveryMs;
    const isBack = isQuiet && (await takesWrites().catch(() => false));
    if (open !== outage) return;
    if (isBack && outage.failedAt < askedAt) {
      end();
      write("warn", summary(outage), "redis.back");
    } else if (monotonicMs() - outage.saidAt >= sayEveryMs) {
      outage.saidAt = monotonicMs();
      write("error", summary(outage), "redis.away");
    }
  };

  const begin = ({ doing, error }: Failure): void => {
    const since = monotonicMs();
    const timer = setInterval(() => {
      if (open !== null) void look(open);
    }, lookEveryMs).unref();
    open = { since, saidAt: since, failedAt: since, failures: 1, timer };
    write("error", { doing, error }, "redis.lost");
  };

  const end = (): void => {
    clearInterval(open?.timer);
    open = null;
  };

  return {
    takes: (failure) => {
      if (isClosed || failure.doing === SAYS_MORE || !isRedisAway(failure.error)) return false;
      if (open === null) begin(failure);
      else {
        open.failures += 1;
        open.failedAt = monotonicMs();
      }
      return true;
    },
    askBy: (ask) => {
      takesWrites = ask;
    },
    close: () => {
      isClosed = true;
      end();
    },
  };
}
