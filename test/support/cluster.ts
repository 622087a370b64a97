/** A Cluster of a test's own: three masters, one of which has our slot, and replicas of that one. */
import { freePort } from "../../src/process/embedded-redis.ts";
import { until } from "./until.ts";

export interface ClusterMember {
  readonly port: number;
  readonly ask: (command: string, ...args: readonly (string | number)[]) => Promise<unknown>;
}

const SLOTS = 16_384;

/** Arguments of a server that is to be a member; its bus would be at a port that may be beyond all ports. */
export const memberArgs = async (): Promise<readonly string[]> => [
  ...["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--repl-diskless-sync-delay", "0"],
  ...["--cluster-port", String(await freePort())],
];

/** Resolves with its URL when all know of each other and the replicas are in step. */
export async function formCluster(
  owner: ClusterMember,
  others: readonly [ClusterMember, ClusterMember],
  replicas: readonly ClusterMember[],
  key: string,
): Promise<string> {
  const masters = [owner, ...others];
  const slot = Number(await owner.ask("CLUSTER", "KEYSLOT", key));
  const [below, above] = others;
  const shares = [
    [below, 0, slot - 1],
    [owner, slot, slot],
    [above, slot + 1, SLOTS - 1],
  ] as const;
  for (const [master, from, to] of shares) await master.ask("CLUSTER", "ADDSLOTSRANGE", from, to);
  for (const [index, master] of masters.entries()) await master.ask("CLUSTER", "SET-CONFIG-EPOCH", index + 1);
  const members = [...masters, ...replicas];
  for (const member of members) if (member !== owner) await meet(owner, member);
  const says = async ({ ask }: ClusterMember, line: string): Promise<boolean> =>
    String(await ask("CLUSTER", "INFO")).includes(line);
  for (const member of members) {
    await until("each knows of all", () => says(member, `cluster_known_nodes:${members.length}`), 30_000);
    await until("all slots are somebody's", () => says(member, "cluster_state:ok"), 30_000);
  }
  const ownerId = String(await owner.ask("CLUSTER", "MYID"));
  for (const replica of replicas) {
    await replica.ask("CLUSTER", "REPLICATE", ownerId);
    await untilLinked(replica);
  }
  return `redis+cluster://${members.map(({ port }) => `127.0.0.1:${port}`).join(",")}`;
}

async function meet(owner: ClusterMember, member: ClusterMember): Promise<void> {
  const [, bus = ""] = /@(\d+)/.exec(String(await member.ask("CLUSTER", "NODES"))) ?? [];
  await owner.ask("CLUSTER", "MEET", "127.0.0.1", member.port, bus);
}

export async function untilLinked({ ask }: ClusterMember): Promise<void> {
  const isLinked = async () => String(await ask("INFO", "replication")).includes("master_link_status:up");
  await until("the replica is in step", () => isLinked().catch(() => false), 30_000);
}
