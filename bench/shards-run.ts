/** The run of one number of shards: its setup, and what is measured of it. */
import { z } from "zod";
import { setupSchema } from "./workload.ts";

export const shardSetupSchema = setupSchema.extend({
  prefix: z.string(),
  shards: z.number(),
  /** The URL of each server by itself. */
  nodes: z.array(z.string()),
});
export type ShardSetup = z.output<typeof shardSetupSchema>;

export const inShardsSchema = z.object({
  perSecond: z.number(),
  cpuUsEach: z.number(),
  /** Of each server, per delivery of all. */
  redisCpuUsEach: z.array(z.number()),
});
export type InShards = z.output<typeof inShardsSchema>;
