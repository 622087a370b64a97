/**
 * Writes the health of endpoints at home for attempts that were recorded in shards: an endpoint's ladder is one, wherever its
 * events lie. What comes of many groups within a moment is one write, so that home has little to do with each delivery; and no
 * attempt waits for it, so that the shards go on while home is away. A process that is killed loses that moment, and one that
 * ends without home what it has gathered: that is told.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { EndpointId } from "../core/brand.ts";
import { isWrongType } from "../core/errors.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import type { Climb } from "./attempt-log.ts";
import { IS_REGISTERED } from "./event-record.ts";
import type { Keys } from "./keys.ts";
import { LADDER, readSteps, type Step } from "./ladder.ts";
import { quarantine } from "./quarantine.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";
import { type HealthOfTally, healthArgs, joinHealth, type Tally } from "./tallies.ts";

interface HealthLog {
  readonly note: (tallies: readonly Tally[]) => void;
  /** Resolves when nothing is left to be written. */
  readonly idle: () => Promise<void>;
  /** A write that fails from now on is let go, and told of when it is idle. */
  readonly giveUp: () => void;
}

const TOGETHER_MS = 25;
const TOGETHER_MAX = 256;
const RETRY_MS = 250;
/** Longer than anybody waits for a home that is away. */
const MARK_KEPT_MS = 24 * 60 * 60 * 1_000;
const ARGS_BEFORE_HEALTH = 2;

// KEYS: the registered endpoints, news for operators, this process' mark, then the health of each. The HDEL is there for a Redis
// that is out of memory: see event-ledger.ts. The mark is for a group that is written once more because its answer was lost.
// Redis rolls nothing back: each health is read by its type first, or those before one that is none would climb twice.
const FOLLOW = `${IS_REGISTERED}${LADDER}
redis.call('HDEL', KEYS[2], '')
if redis.call('GET', KEYS[3]) == ARGV[2] then return end
for i = 4, #KEYS do redis.call('HLEN', KEYS[i]) end
local at = ${ARGS_BEFORE_HEALTH}
for i = 4, #KEYS do
  local isThere, _, isActive = isRegistered(KEYS[1], ARGV[at + 1], ARGV[at + 2])
  if isThere then
    local one = { id = ARGV[at + 1], incarnation = ARGV[at + 2], isActive = isActive }
    follow(KEYS[2], KEYS[i], one, at + 3, tonumber(ARGV[1]))
  end
  at = at + 6
end
redis.call('SET', KEYS[3], ARGV[2], 'PX', ${MARK_KEPT_MS})
return steps`;

interface Noted extends HealthOfTally {
  readonly endpointId: EndpointId;
  readonly incarnation: string;
}

export function createHealthLog(redis: Redis, keys: Keys, climb: Climb, tell: Tell): HealthLog {
  const run = prepareScript(redis, FOLLOW);
  const fail = tellFailure(tell, "record_health");
  const waiting = new Map<string, Noted>();
  let writing: Promise<void> | null = null;
  const mark = keys.recorded(randomBytes(12).toString("base64url"));
  let groups = 0;
  let isGoingDown = false;
  let lost = 0;

  const makeRoom = async (group: readonly Noted[]): Promise<void> => {
    const health = group.map(({ endpointId }) => ({ key: keys.health(endpointId), type: "hash" }) as const);
    await quarantine(redis, [{ key: keys.operatorEvents, type: "hash" }, ...health], tell).catch(fail);
  };
  const write = async (group: readonly Noted[]): Promise<readonly Step[]> => {
    const own = group.map(({ endpointId }) => keys.health(endpointId));
    groups += 1;
    const scriptKeys = [keys.endpoints, keys.operatorEvents, mark, ...own];
    const args = group.flatMap((one) => [one.endpointId, one.incarnation, ...healthArgs(one)]);
    for (;;) {
      try {
        return readSteps(await run(scriptKeys, [climb.disableAfterMs, groups, ...args]));
      } catch (error) {
        if (isGoingDown) {
          lost += group.length;
          return [];
        }
        fail(error);
        if (isWrongType(error)) await makeRoom(group);
        await pause(RETRY_MS);
      }
    }
  };
  const writeAll = async (): Promise<void> => {
    while (waiting.size > 0) {
      if (!isGoingDown) await pause(TOGETHER_MS);
      const group = [...waiting].slice(0, TOGETHER_MAX);
      for (const [name] of group) waiting.delete(name);
      for (const step of await write(group.map(([, one]) => one))) climb.onStep(step);
    }
    if (lost > 0) fail(new Error(`the health of ${lost} endpoints was not written before the end`));
    lost = 0;
    writing = null;
  };

  return {
    note: (tallies) => {
      for (const { endpointId, incarnation, deliveredAt, failing } of tallies) {
        const name = `${incarnation}:${endpointId}`;
        const health = { deliveredAt, failing };
        const before = waiting.get(name);
        const joined = before === undefined ? health : joinHealth(before, health);
        waiting.set(name, { endpointId, incarnation, ...joined });
      }
      writing ??= writeAll();
    },
    idle: async () => {
      await writing;
    },
    giveUp: () => {
      isGoingDown = true;
    },
  };
}
