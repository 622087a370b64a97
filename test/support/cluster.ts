/** A Cluster of a test's own: three masters, one of which has our slot, and replicas of that one. */
import { keptPort } from "./kept-port.ts";
import { until } from "./until.ts";

export interface ClusterMember {
  readonly port: number;
  readonly ask: (command: string, ...args: readonly (string | number)[]) => Promise<unknown>;
}

const SLOTS = 16_384;

/** Arguments of a server that is to be a member; its bus would be at a port that may be beyond all ports. */
export const memberArgs = async (): Promise<readonly string[]> => [
  ...["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--repl-diskless-sync-delay", "0"],
  ...["--cluster-port", String(await keptPort())],
];

interface Share {
  readonly master: ClusterMember;
  readonly from: number;
  readonly to: number;
}

interface Follower {
  readonly replica: ClusterMember;
  readonly master: ClusterMember;
}

const slotOf = async ({ ask }: ClusterMember, key: string): Promise<number> =>
  Number(await ask("CLUSTER", "KEYSLOT", key));

/** Resolves with its URL when all know of each other and the replicas are in step. */
export async function formCluster(
  owner: ClusterMember,
  others: readonly [ClusterMember, ClusterMember],
  replicas: readonly ClusterMember[],
  key: string,
): Promise<string> {
  const slot = await slotOf(owner, key);
  const [below, above] = others;
  const shares = [
    { master: below, from: 0, to: slot - 1 },
    { master: owner, from: slot, to: slot },
    { master: above, from: slot + 1, to: SLOTS - 1 },
  ];
  const followers = replicas.map((replica) => ({ replica, master: owner }));
  return await join([owner, ...others], shares, followers);
}

/** The same with the slots of these keys in turn with the masters, and all others with the first. */
export async function spreadCluster(
  masters: readonly [ClusterMember, ...ClusterMember[]],
  keys: readonly string[],
  followers: readonly Follower[] = [],
): Promise<string> {
  const [first] = masters;
  const slots = await Promise.all(keys.map((key) => slotOf(first, key)));
  const owned = slots
    .map((slot, nth) => ({ slot, master: masters[nth % masters.length] ?? first }))
    .sort((one, other) => one.slot - other.slot);
  const shares = owned.flatMap(({ slot, master }, nth): readonly Share[] => [
    { master: first, from: (owned[nth - 1]?.slot ?? -1) + 1, to: slot - 1 },
    { master, from: slot, to: slot },
  ]);
  const rest = { master: first, from: (owned.at(-1)?.slot ?? -1) + 1, to: SLOTS - 1 };
  return await join(masters, [...shares, rest], followers);
}

async function join(
  masters: readonly [ClusterMember, ...ClusterMember[]],
  shares: readonly Share[],
  followers: readonly Follower[],
): Promise<string> {
  for (const { master, from, to } of shares)
    if (from <= to) await master.ask("CLUSTER", "ADDSLOTSRANGE", from, to);
  for (const [index, master] of masters.entries()) await master.ask("CLUSTER", "SET-CONFIG-EPOCH", index + 1);
  const members = [...masters, ...followers.map(({ replica }) => replica)];
  const [first] = masters;
  for (const member of members) if (member !== first) await meet(first, member);
  const says = async ({ ask }: ClusterMember, line: string): Promise<boolean> =>
    String(await ask("CLUSTER", "INFO")).includes(line);
  for (const member of members) {
    await until("each knows of all", () => says(member, `cluster_known_nodes:${members.length}`), 30_000);
    await until("all slots are somebody's", () => says(member, "cluster_state:ok"), 30_000);
  }
  for (const { replica, master } of followers) {
    await replica.ask("CLUSTER", "REPLICATE", String(await master.ask("CLUSTER", "MYID")));
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

/** Keys that go at once, as with `redis-cli --cluster reshard`. */
const MOVED_TOGETHER = 10;
const MOVE_PATIENCE_MS = 10_000;
const MANY = 1_000_000;

export interface Move {
  readonly key: string;
  readonly from: ClusterMember;
  readonly to: ClusterMember;
  readonly others: readonly ClusterMember[];
  /** Which keys go first is up to the version of Redis. */
  readonly isBackwards?: boolean;
  /** Before each group of keys goes: how many have gone. */
  readonly before: (moved: number) => Promise<unknown>;
}

/** Moves a key's slot from master to master, command by command as `redis-cli --cluster reshard` does it. */
export async function moveSlot({ key, from, to, others, isBackwards, before }: Move): Promise<void> {
  const slot = await slotOf(from, key);
  const source = String(await from.ask("CLUSTER", "MYID"));
  const target = String(await to.ask("CLUSTER", "MYID"));
  await to.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source);
  await from.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", target);
  for (let moved = 0; ; ) {
    await before(moved);
    const left = await from.ask("CLUSTER", "GETKEYSINSLOT", slot, isBackwards ? MANY : MOVED_TOGETHER);
    const keys = Array.isArray(left) ? left.map(String).slice(-MOVED_TOGETHER) : [];
    if (keys.length === 0) break;
    await from.ask("MIGRATE", "127.0.0.1", to.port, "", 0, MOVE_PATIENCE_MS, "KEYS", ...keys);
    moved += keys.length;
  }
  for (const { ask } of [to, from, ...others]) await ask("CLUSTER", "SETSLOT", slot, "NODE", target);
}

/** A failover that the other masters do not vote for within this time has failed, without a word. */
const VOTED_WITHIN_MS = 6_000;

/** Makes a replica the owner of its master's slots, as an operator does: asks for it, looks, and asks again. */
export async function takeOver({ ask }: ClusterMember): Promise<void> {
  let askedAt = Number.NEGATIVE_INFINITY;
  await until("the replica is the owner", async () => {
    if (String(await ask("ROLE")).startsWith("master")) return true;
    if (performance.now() - askedAt < VOTED_WITHIN_MS) return false;
    askedAt = performance.now();
    await ask("CLUSTER", "FAILOVER");
    return false;
  });
}
