/** Ways to make a Redis that runs refuse writes, and to end it. */
import { mkdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../../support/until.ts";
import type { RedisServer } from "./redis-server.ts";

export interface Refusal {
  readonly begin: () => Promise<unknown>;
  readonly end: () => Promise<unknown>;
}

/** READONLY, as when a failover has gone halfway: the master has become the replica of one that is not there. */
export const readOnlyReplica = (redis: RedisServer): Refusal => ({
  begin: () => redis.ask("REPLICAOF", "127.0.0.1", 1),
  end: () => redis.ask("REPLICAOF", "NO", "ONE"),
});

/** MISCONF: a directory lies where the snapshot is to be. The Redis must have been started with a `save` setting. */
export function failingSaves(redis: RedisServer): Refusal {
  const blocker = join(redis.dataDir, "dump.rdb");
  const saveAndWait = async (): Promise<unknown> => {
    await redis.ask("BGSAVE");
    return await until("the snapshot has ended", async () =>
      String(await redis.ask("INFO", "persistence")).includes("rdb_bgsave_in_progress:0"),
    );
  };
  return {
    begin: async () => {
      // Of an orderly stop before; with an append-only file nobody reads it.
      await rm(blocker, { force: true });
      await mkdir(blocker);
      await saveAndWait();
    },
    end: async () => {
      await rmdir(blocker);
      await saveAndWait();
    },
  };
}
