/**
 * The way to our keys in a Cluster. They have one hash tag, so that all lie in one slot, and one node has it: a connection
 * leads there, and is made anew when the slot is another node's (decision 39). To everything else it is a Redis like any.
 */
import { createConnection } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { AbstractConnector, type RedisOptions } from "ioredis";
import { z } from "zod";
import { HookwaveError, summarise } from "../core/errors.ts";
import type { RedisNode } from "../core/redis-url.ts";
import type { Connectors } from "./sentinels.ts";

export interface ClusterPlace {
  /** Some of its nodes; of the others one hears from them. */
  readonly nodes: readonly RedisNode[];
  /** A key of ours: all have its slot. */
  readonly key: string;
}

/** Commands to one node, over a connection of their own; rejects where it does not answer. */
export type AskNode = (
  node: RedisNode,
  commands: readonly (readonly string[])[],
) => Promise<readonly unknown[]>;

const PAUSE_MS = 200;
/** A URL of a Cluster has a node. */
const NOBODY: readonly [string, RedisNode] = ["", { host: "", port: 0 }];

const nodeSchema = z.tuple([z.string().nullable(), z.number()]).rest(z.unknown());
const slotsSchema = z.array(z.tuple([z.number(), z.number()]).rest(nodeSchema));

type Emit = Parameters<AbstractConnector["connect"]>[0];
type FindOwner = (isWanted: () => boolean, emit: Emit) => Promise<RedisNode>;

/** A class of connectors, for all connections of a process to one Cluster; they share what they know of its nodes. */
export function slotConnector(place: ClusterPlace, askNode: AskNode): Connectors {
  const findOwner = createFindOwner(place, askNode);
  return class extends AbstractConnector {
    readonly #options: RedisOptions;

    /** Options as ioredis has completed them. */
    constructor(given: unknown) {
      const options = Object(given);
      super(options.disconnectTimeout);
      this.#options = options;
    }

    override check({ role }: { role?: string }): boolean {
      return role === "master";
    }

    override async connect(emit: Emit) {
      this.connecting = true;
      const owner = await findOwner(() => this.connecting, emit);
      const { tls } = this.#options;
      const stream = tls === undefined ? createConnection(owner) : connectTls({ ...owner, ...tls });
      stream.once("error", (error) => {
        this.firstError = error;
      });
      this.stream = stream;
      return stream;
    }
  };
}

/** Goes on until a node says it, or nobody wants to know it any more; each round in vain is an error. */
function createFindOwner({ nodes, key }: ClusterPlace, askNode: AskNode): FindOwner {
  const known = new Map(nodes.map((node) => [nameOf(node), node]));
  const ask = (node: RedisNode): Promise<Told> =>
    askNode(node, [
      ["CLUSTER", "KEYSLOT", key],
      ["CLUSTER", "SLOTS"],
    ])
      .then(([slot, slots]) => readOwner(node, Number(slot), slots))
      .catch((error: unknown) => ({ owner: null, members: [], ...saidBy(error) }));

  /** A node that was asked is the last to be asked again: the owner that it knows may be dead. */
  const askNext = async (): Promise<Told> => {
    const [[name, node] = NOBODY] = known;
    known.delete(name);
    known.set(name, node);
    const told = await ask(node);
    for (const one of told.members) known.set(nameOf(one), one);
    return { ...told, owner: await confirmed(told.owner, node), said: `${name}: ${told.said}` };
  };

  /**
   * The owner, if it says so itself. A node that has not heard of a failover names the owner of before, and a connection
   * there that asks for nothing would never hear that it is elsewhere.
   */
  const confirmed = async (owner: RedisNode | null, asked: RedisNode): Promise<RedisNode | null> => {
    if (owner === null || nameOf(owner) === nameOf(asked)) return owner;
    const own = (await ask(owner)).owner;
    return own !== null && nameOf(own) === nameOf(owner) ? owner : null;
  };

  return async (isWanted, emit) => {
    for (let asked = 1; ; asked += 1) {
      const { owner, said, refusal } = await askNext();
      if (!isWanted()) throw new Error("Connection is closed.");
      if (owner !== null) return owner;
      if (asked % known.size > 0) continue;
      emit("error", refusal ?? unfound(said));
      await pause(PAUSE_MS);
    }
  };
}

/** The answer of a node. */
interface Told {
  readonly owner: RedisNode | null;
  readonly members: readonly RedisNode[];
  /** The reason, where it names no owner. */
  readonly said: string;
  /** An error of ours that says it, with what to do: of TLS. */
  readonly refusal?: HookwaveError;
}

const saidBy = (error: unknown): Pick<Told, "said" | "refusal"> => ({
  said: summarise(error).message,
  ...(error instanceof HookwaveError && { refusal: error }),
});

/** The owner of a slot, and all members, as one node has them; one that does not know its own address is the one that was asked. */
function readOwner(asked: RedisNode, slot: number, slots: unknown): Told {
  const ranges = slotsSchema.parse(slots).map(([from, to, ...holders]) => ({
    hasSlot: from <= slot && slot <= to,
    holders: holders.map(([host, port]) => ({ host: host || asked.host, port })),
  }));
  const [owner = null] = ranges.find(({ hasSlot }) => hasSlot)?.holders ?? [];
  return {
    owner,
    members: ranges.flatMap(({ holders }) => holders),
    said: `slot ${slot} has no owner that says so`,
  };
}

const nameOf = ({ host, port }: RedisNode): string => `${host}:${port}`;

function unfound(got: string): HookwaveError {
  return new HookwaveError("REDIS_UNAVAILABLE", {
    expected: "a node of the Cluster that knows who has our keys",
    got,
    remedy: "check that its nodes run (`redis-cli cluster info`), and REDIS_URL",
  });
}
