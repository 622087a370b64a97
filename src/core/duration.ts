/**
 * Durations as people write them: `15`, `0.5`, `250ms`, `2m`, `24h`, `3d`. A number alone means seconds, as it
 * did in the service being replaced. Inside, every duration is whole milliseconds.
 */
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

export const DURATION_PATTERN = /^(\d{1,12}(?:\.\d{1,6})?) ?(ms|s|m|h|d)?$/;

/** Milliseconds, or null when the text is no duration. */
export function parseDurationMs(text: string): number | null {
  const match = DURATION_PATTERN.exec(text);
  if (match === null) return null;
  const unitMs = UNIT_MS[match[2] ?? "s"] ?? 1_000;
  return Math.round(Number(match[1]) * unitMs);
}

/** The shortest exact way to write it: 90000 → `90s`, 86400000 → `1d`. */
export function formatDuration(durationMs: number): string {
  const [unit, unitMs] = Object.entries(UNIT_MS)
    .filter(([, ms]) => durationMs >= ms && durationMs % ms === 0)
    .at(-1) ?? ["ms", 1];
  return `${durationMs / unitMs}${unit}`;
}

/** Units for people, each with the span from which on the next one says enough. */
const STEPS: readonly (readonly [string, number, number])[] = [
  ["s", 1_000, 100_000],
  ["min", 60_000, 6_000_000],
  ["h", 3_600_000, 172_800_000],
];
const DAY_MS = 86_400_000;

/** A span of time for people: `0.4 s`, `62 s`, `12 min`, `30 h`, `5 d`. */
export function roughSpan(spanMs: number): string {
  if (spanMs < 10_000) return `${(spanMs / 1_000).toFixed(1)} s`;
  const step = STEPS.find(([, , belowMs]) => spanMs < belowMs);
  const [unit, unitMs] = step ?? ["d", DAY_MS];
  return `${Math.round(spanMs / unitMs)} ${unit}`;
}
