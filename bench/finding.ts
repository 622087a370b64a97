/** A promise with what was seen of it, for benchmarks that judge. */

export interface Finding {
  readonly promise: string;
  readonly seen: string;
  readonly isKept: boolean;
}

export const atMost = (promise: string, figure: number, most: number, unit: string): Finding => ({
  promise: `${promise} ≤ ${most} ${unit}`,
  seen: `${figure.toFixed(2)} ${unit}`,
  isKept: figure <= most,
});

/** Says each of them, and whether all are kept. */
export function tellFindings(findings: readonly Finding[]): boolean {
  for (const { promise, seen, isKept } of findings)
    console.log(`  ${isKept ? "kept    " : "NOT KEPT"}  ${promise}: ${seen}`);
  return findings.every(({ isKept }) => isKept);
}
