/** The faults that mixed load is put through: each is a row of the matrix, short enough to come every 20 s. */
import { setTimeout as pause } from "node:timers/promises";
import type { Stage } from "./mixed-load.ts";
import { failingSaves, type Refusal, readOnlyReplica } from "./refused-writes.ts";

export type MixedFault = (stage: Stage) => Promise<void>;

const DOWN_MS = 8_000;
const HOLE_MS = 8_000;
const FROZEN_MS = 4_000;
const REFUSING_MS = 3_000;
const MOODY_MS = 6_000;
const ROOM_BYTES = 200_000;

/** Row 1. */
const killWorker: MixedFault = async ({ scene, fleet }) => {
  const victim = scene.dice.pick(fleet.members());
  await scene.fault("kill -9 a worker", "worker", () => victim.kill("SIGKILL"));
};

/** Row 2. */
const killWorkers: MixedFault = async (stage) => {
  await killWorker(stage);
  await stage.scene.meanwhile(500, 2_000);
  await stage.fleet.complete();
  await killWorker(stage);
};

/** Rows 3 and 6. */
const killRedis: MixedFault = async ({ scene }) => {
  await scene.fault("kill -9 Redis", "redis", scene.redis.kill);
  await scene.redis.startAgain();
};

/** Rows 5 and 11. */
const stopRedis: MixedFault = async ({ scene }) => {
  await scene.fault("Redis down for 8 s", "redis", scene.redis.stop);
  await pause(DOWN_MS);
  await scene.redis.startAgain();
};

/** Row 9. */
const cutOff: MixedFault = async ({ scene, proxy }) => {
  await scene.fault("a black hole between the fleet and Redis for 8 s", "redis", proxy.blackHole);
  await pause(HOLE_MS);
  proxy.restore();
};

/** Row 10. */
const freezeRedis: MixedFault = async ({ scene }) => {
  await scene.fault("Redis frozen for 4 s", "redis", scene.redis.freeze);
  await pause(FROZEN_MS);
  scene.redis.thaw();
};

/** Row 12. */
const useUpMemory: MixedFault = async ({ scene }) => {
  const info = String(await scene.redis.ask("INFO", "memory"));
  const used = Number(/used_memory:(\d+)/.exec(info)?.[1]);
  await scene.fault("Redis out of memory for 3 s", "redis", () =>
    scene.redis.ask("CONFIG", "SET", "maxmemory", used + ROOM_BYTES),
  );
  await pause(REFUSING_MS);
  await scene.redis.ask("CONFIG", "SET", "maxmemory", 0);
};

/** Row 13. */
const refuseWrites =
  (what: string, refusalOf: (redis: Stage["scene"]["redis"]) => Refusal): MixedFault =>
  async ({ scene }) => {
    const refusal = refusalOf(scene.redis);
    await scene.fault(what, "redis", refusal.begin);
    await pause(REFUSING_MS);
    await refusal.end();
  };

/** Rows 14 and 15. */
const beMoody =
  (what: string, mood: "never" | "reset"): MixedFault =>
  async ({ scene, moody }) => {
    scene.say(what);
    const usual = moody.behave(() => mood);
    await pause(MOODY_MS);
    moody.behave(usual);
  };

export const MIXED_FAULTS: readonly MixedFault[] = [
  killWorker,
  killWorkers,
  killRedis,
  stopRedis,
  cutOff,
  freezeRedis,
  useUpMemory,
  refuseWrites("Redis read-only for 3 s", readOnlyReplica),
  refuseWrites("Redis cannot save for 3 s", failingSaves),
  beMoody("a receiver never answers for 6 s", "never"),
  beMoody("a receiver resets every connection for 6 s", "reset"),
];
