/**
 * The depth of the tests: `npm test` runs a tenth of the cases that are made up (fuzz, properties) and leaves out the
 * files named *.deep.test.ts; HOOKWAVE_TEST_DEPTH=full, which `npm run test:deep` sets, runs all. Read here only.
 */
const DEPTHS = ["quick", "full"] as const;

const asked = process.env["HOOKWAVE_TEST_DEPTH"] ?? "quick";
const depth = DEPTHS.find((one) => one === asked);
if (depth === undefined)
  throw new Error(
    `HOOKWAVE_TEST_DEPTH: expected ${DEPTHS.join(" or ")}, got ${asked}; correct it or unset it`,
  );

export const IS_DEEP = depth === "full";

/** Of the cases that a full run has, those that this one has. */
export const casesOf = (full: number): number => (IS_DEEP ? full : Math.ceil(full / 10));
