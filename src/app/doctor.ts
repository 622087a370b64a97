/**
 * Wires the doctor: readings over a connection that is opened for one visit, so that why there is none can be told, and so
 * that it waits behind nobody. The key is read where it lies, and never made.
 */
import type { Config } from "../config/environment.ts";
import { system } from "../config/system.ts";
import { HookwaveError, summarise } from "../core/errors.ts";
import type { BreakerId } from "../core/origin.ts";
import { mapShards } from "../core/shards.ts";
import { type AddressPolicy, createAddressPolicy } from "../deliver/address-guard.ts";
import { createShakeHands } from "../deliver/handshake.ts";
import { openOutboundProxy } from "../deliver/outbound-proxy.ts";
import { createNameResolver } from "../deliver/resolver.ts";
import { createDoctor, type Doctor, type OpenReadings } from "../manage/doctor/doctor.ts";
import { readJobs, sumOfJobs } from "../queue/job-readings.ts";
import { createApiKeys } from "../store/api-keys.ts";
import { readOpenBreakers } from "../store/breakers.ts";
import { readOutlines } from "../store/endpoint-outlines.ts";
import { readKeyFile } from "../store/key-file.ts";
import { createLayout } from "../store/layout.ts";
import { createLetterIndex } from "../store/letter-index.ts";
import { lettersOver } from "../store/letters-over.ts";
import { createParkedRounds, sumOfParked } from "../store/parked-rounds.ts";
import { createPresence } from "../store/presence.ts";
import { type Redis, redisUnavailable, untilReady } from "../store/redis.ts";
import type { RedisPlace } from "../store/redis-place.ts";
import { readVitals } from "../store/redis-vitals.ts";
import { createSealer, type Sealer } from "../store/sealing.ts";
import { VERSION } from "../wire/version.ts";
import { countQueuesOf } from "./over-shards.ts";
import { type OpenShards, openShards, placesOf, withHome } from "./shards.ts";

const CONNECT_PATIENCE_MS = 3_000;
const LETTERS_MAX = 500;

/** `config` is the configuration that is looked at; `place` the Redis that its process has. */
export function wireDoctor(config: Config, place: RedisPlace): Doctor {
  const policy = createAddressPolicy(config);
  return createDoctor({
    config,
    policy,
    system,
    version: VERSION,
    readKeyFile: () => readKeyFile(config.dataDir),
    open: () => openReadings(config, policy, place),
  });
}

function openReadings(config: Config, policy: AddressPolicy, place: RedisPlace): OpenReadings {
  const troubles: unknown[] = [];
  const hear = (error: unknown): void => {
    troubles.push(error);
  };
  const home = { redisPlace: place, prefix: config.prefix };
  const opened = openShards(home, placesOf(home, config.shards), "inspector", () => hear);
  const { redis, keys } = opened.home;
  // A service's own resolver serves on with what it has heard before, which is none of today's news.
  const names = createNameResolver({ servers: config.dnsServers, now: system.monotonicMs });
  const calling = { lookup: names.lookup, now: system.monotonicMs };
  const proxy = openOutboundProxy(config, calling.lookup, calling.now);
  const until = (one: Redis): Promise<void> =>
    untilReady(one, CONNECT_PATIENCE_MS).catch((cause: unknown) => {
      const [first = cause] = troubles;
      if (first instanceof HookwaveError) throw first;
      const { code, message } = summarise(first);
      throw redisUnavailable(message === "" ? `${code}` : message, cause);
    });
  return {
    shakeHands: createShakeHands({ ...calling, policy, proxy }),
    proxyTrouble: async () => (await proxy?.look()) ?? null,
    untilConnected: () => until(redis),
    vitals: () => readVitals(redis, config, system),
    checkLayout: () => createLayout(redis, keys, config.shards).check(VERSION),
    shards: opened.shards.all.flatMap((shard) =>
      shard === opened.home
        ? []
        : { untilConnected: () => until(shard.redis), vitals: () => readVitals(shard.redis, config, system) },
    ),
    hasApiKeys: async () => (await createApiKeys(redis, keys).list()).length > 0,
    workers: createPresence(redis, keys, () => undefined).present,
    ...readWork(opened),
    openBreakers: async (): Promise<readonly BreakerId[]> => [
      ...(await readOpenBreakers(redis, keys)).keys(),
    ],
    outlines: async () => readOutlines(redis, keys, await sealerOf(config)),
    close: async () => {
      // Questions that are still open are answered by nobody.
      for (const one of withHome(opened)) one.redis.disconnect();
      names.close();
      await Promise.all(withHome(opened).map(({ queues }) => queues.close()));
    },
  };
}

function readWork(opened: OpenShards): Pick<OpenReadings, "queueCounts" | "jobs" | "parked" | "letters"> {
  const places = withHome(opened);
  const parts = mapShards(opened.shards, (shard) => createLetterIndex(shard.redis, shard.keys));
  const letters = parts.all.length === 1 ? parts.all[0] : lettersOver(parts);
  return {
    queueCounts: countQueuesOf(opened),
    jobs: async () => sumOfJobs(await Promise.all(places.map((one) => readJobs(one.queues, one.redis)))),
    parked: async () =>
      sumOfParked(await Promise.all(places.map((one) => createParkedRounds(one.redis, one.keys).count()))),
    letters: async () => {
      const page = { after: null, limit: LETTERS_MAX };
      const [count, { data }] = await Promise.all([letters.count({}), letters.walk({}, "newest", page)]);
      return { count, newest: data };
    },
  };
}

async function sealerOf({ encryptionKey, encryptionKeyPrevious, dataDir }: Config): Promise<Sealer | null> {
  const key = encryptionKey ?? (await readKeyFile(dataDir))?.key ?? null;
  return key === null ? null : createSealer(key, encryptionKeyPrevious);
}
