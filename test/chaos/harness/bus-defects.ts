/** Defects beside the legacy bus, for rows 37 and 38. Part of the table in defects.ts. */
import type { Change } from "./plant-change.ts";

export const BUS_DEFECTS: Readonly<Record<string, readonly Change[]>> = {
  /** Decision 23: what the bus does not take is left to it. Row 37. */
  "forgotten-by-the-bus": [
    {
      module: "/src/bus/announce.ts",
      text: "if (missed.length > 0) await late.add(missed, now);",
      instead: "",
    },
  ],
  /** Decision 23: a switch that was read once is believed for good. Row 38. */
  "believed-switch": [
    {
      module: "/src/store/switch-mirror.ts",
      text: "if (age >= FRESH_MS) return readAgain();",
      instead: "if (!Number.isFinite(age)) return readAgain();",
    },
    {
      module: "/src/store/switch-mirror.ts",
      text: "if (found !== null) known = laterOf(known, found);",
      instead: "if (found !== null && told === UNTOUCHED.phase) known = laterOf(known, found);",
    },
  ],
  /**
   * For row 37, not a defect of ours: some jobs of some events kill their worker beside the bus, and locks are short. A worker
   * lives for a while before: with one death after the other, whoever was in work at eight of them would be the likely cause.
   */
  "killed-at-the-bus": [
    {
      module: "/src/bus/announce.ts",
      text: "await writeNow(ruled, deps);",
      instead: `const born = (globalThis.firstDoomed ??= performance.now());
        const die = () => performance.now() - born > 1_500 && batch.events.some(({ id }) => id.includes("_doomed_")) && Math.random() < 0.004 && process.kill(process.pid, "SIGKILL");
        die();
        await writeNow(ruled, deps);
        die();`,
    },
    {
      module: "/src/queue/durable-worker.ts",
      text: "const LOCK_MS = 10_000;\nconst STALLED_CHECK_MS = 5_000;",
      instead: "const LOCK_MS = 1_000;\nconst STALLED_CHECK_MS = 500;",
    },
  ],
};
