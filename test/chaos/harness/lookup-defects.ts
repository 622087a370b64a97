/** Defects of looking up names, for row 28. Part of the table in defects.ts. */
import type { Change } from "./plant-change.ts";

export const LOOKUP_DEFECTS: Readonly<Record<string, readonly Change[]>> = {
  /** Trap 36: two look-ups at a time, as those of libuv's threads that are slow, and nothing kept for when they fail. Row 28. */
  "few-lookups": [
    {
      module: "/src/deliver/resolver.ts",
      text: "{ quick: 64, slow: 256, slowAfterMs: 250, startWithinMs: 900 }",
      instead: "{ quick: 2, slow: 2, slowAfterMs: 60_000, startWithinMs: 60_000 }",
    },
    {
      module: "/src/deliver/resolver.ts",
      text: 'known.failure === null ? "quick" : "slow"',
      instead: '"quick"',
    },
    {
      module: "/src/deliver/resolver.ts",
      text: "const STALE_MS = 10 * 60 * 1_000;",
      instead: "const STALE_MS = 0;",
    },
  ],
};
