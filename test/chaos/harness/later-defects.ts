/** Defects that the rows from 31 on report: what strangers found. */
import type { Change } from "./plant-change.ts";

export const LATER_DEFECTS: Readonly<Record<string, readonly Change[]>> = {
  /** Trap 40: a connection to a demoted master stays. Row 31. */
  "faithful-to-the-demoted": [
    { module: "/src/store/redis.ts", text: "reconnectOnError: isLost,", instead: "" },
    { module: "/src/store/redis.ts", text: "if (isLost(error))", instead: "if (error === null)" },
    {
      module: "/src/store/redis.ts",
      text: 'role !== "inspector") leaveReplica(redis);',
      instead: "false) leaveReplica(redis);",
    },
  ],
  /** Trap 42: a burial that is run again is counted again. Row 33. */
  "counted-again": [
    {
      module: "/src/store/burial.ts",
      text: "if isCounted then return 'again' end",
      instead: "",
    },
  ],
  /** What a run wrote that had lost its job stays among what waits. Row 33. */
  "waits-for-good": [
    {
      module: "/src/store/waiting.ts",
      text: "if isOver(KEYS[2], field, round, acceptedAt) then return end",
      instead: "",
    },
    {
      module: "/src/store/burial.ts",
      text: "leave(event, field, waiting, ARGV[5], acceptedAt)",
      instead: "",
    },
    {
      module: "/src/store/attempt-log.ts",
      text: "redis.call('ZREM', addressee.waiting, ARGV[at + 7])",
      instead: "",
    },
  ],
  /** Trap 41: what a disk does not take is tried for ever, and nothing else is done meanwhile. Row 35. */
  "stubborn-log": [
    {
      module: "/src/observe/line-file.ts",
      text: 'this.#lose(bytes, written, codeOf(error) ?? "");',
      instead:
        "for (;;) try { written += writeSync(this.#fd, bytes.subarray(written)); if (written === bytes.length) break; } catch {}",
    },
  ],
  /** An embedded Redis that ends stays away. Row 36. */
  "redis-not-kept": [
    {
      module: "/src/process/redis-keeper.ts",
      text: "if (stopping.signal.aborted) return;",
      instead: "return;",
    },
  ],
  /** Decision 29: who has the id gets what was owed to it. Row 34. */
  "same-id-same-endpoint": [
    {
      module: "/src/core/endpoint.ts",
      text: "one === undefined || other === null || one === other;",
      instead: "one !== null || other !== null;",
    },
  ],
  /** Trap 62: nobody hears of a failover, and the old master is used until it is told itself. Row 40. */
  "deaf-to-sentinels": [
    {
      module: "/src/store/sentinels.ts",
      text: "for (const one of open) one.leaveFor(host, Number(port));",
      instead: "return;",
    },
  ],
  /** Decision 39: a connection stays with a node that has our slot no more. Row 32. */
  "faithful-to-the-node": [
    {
      module: "/src/store/redis.ts",
      text: "leading.cluster === undefined ? isDemoted : isElsewhere",
      instead: "isDemoted",
    },
  ],
  /** Decision 41: every shard is looked for where the first one is. Row 41. */
  "one-node-for-all": [
    {
      module: "/src/store/shard-places.ts",
      text: "cluster: { ...cluster, key: own }",
      instead: "cluster",
    },
  ],
};
