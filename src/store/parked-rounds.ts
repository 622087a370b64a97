/** Parked deliveries as people see them, and what they do to them: count, bring forward, withdraw. */
import { z } from "zod";
import { asEndpointId } from "../core/brand.ts";
import { type Round, roundId } from "../core/delivery.ts";
import type { ParkedCount, ParkedRounds } from "../queue/ports.ts";
import { answersOf } from "./answers.ts";
import type { Keys } from "./keys.ts";
import { END, endOf, NOW } from "./parking.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

// A line in work is looked at anyway, and its time is its lease.
const BRING_FORWARD = `${NOW}
if not redis.call('ZSCORE', KEYS[3], ARGV[2]) then return 0 end
local first = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
if first[1] ~= ARGV[2] then redis.call('ZADD', KEYS[3], 'XX', first[2] - 1, ARGV[2]) end
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then redis.call('ZADD', KEYS[1], 'XX', now, ARGV[1]) end
return 1`;

export function createParkedRounds(redis: Redis, keys: Keys): ParkedRounds {
  const { due, leases } = keys.parking;
  const runBringForward = prepareScript(redis, BRING_FORWARD);
  const runEnd = prepareScript(redis, END);
  const timesOf = ({ endpointId }: Round): string => keys.line(endpointId).times;
  return {
    dueAt: async (rounds) => {
      const pipeline = redis.pipeline();
      for (const one of rounds)
        pipeline.zscore(timesOf(one), roundId(one)).zscore(due, one.endpointId).hget(leases, one.endpointId);
      const answers = answersSchema.parse(await answersOf(pipeline.exec()));
      return rounds.map((_, index) => {
        const [place = null, dueAt = null, lease = null] = answers.slice(index * 3, index * 3 + 3);
        return place === null || dueAt === null || lease !== null ? null : Number(dueAt);
      });
    },
    bringForward: async (one) => {
      const args = [one.endpointId, roundId(one)];
      return (await runBringForward([due, leases, timesOf(one)], args)) === 1;
    },
    withdraw: async (one) => {
      // The index of waiting ones is seen to by the step that cancels it.
      await runEnd(...endOf(one.endpointId, [{ name: roundId(one), goesTo: "job" }], "", keys));
    },
    count: async () => {
      const looks = await redis.zrange(due, 0, "-1", "WITHSCORES");
      const ids = looks.filter((_, at) => at % 2 === 0);
      const pipeline = redis.pipeline();
      for (const id of ids) {
        const { times } = keys.line(asEndpointId(id));
        pipeline.zcard(times).zrange(times, 0, "0", "WITHSCORES");
      }
      const answers = await answersOf(pipeline.exec());
      let [depth, oldest] = [0, Number.POSITIVE_INFINITY];
      for (let at = 0; at < answers.length; at += 2) {
        depth += Number(answers[at]);
        oldest = Math.min(oldest, Number(headSchema.parse(answers[at + 1])[1] ?? oldest));
      }
      const [, dueAt = null] = looks;
      return {
        depth,
        oldestHeldSince: Number.isFinite(oldest) ? oldest : null,
        dueAt: dueAt === null ? null : Number(dueAt),
      };
    },
  };
}

/** Of several places together. */
export function sumOfParked(counts: readonly ParkedCount[]): ParkedCount {
  const earliest = (times: readonly (number | null)[]): number | null => {
    const known = times.filter((time) => time !== null);
    return known.length === 0 ? null : Math.min(...known);
  };
  return {
    depth: counts.reduce((sum, { depth }) => sum + depth, 0),
    oldestHeldSince: earliest(counts.map(({ oldestHeldSince }) => oldestHeldSince)),
    dueAt: earliest(counts.map(({ dueAt }) => dueAt)),
  };
}

const answersSchema = z.array(z.string().nullable());
const headSchema = z.array(z.string());
