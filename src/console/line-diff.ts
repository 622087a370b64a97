/**
 * The lines in which two texts differ: the longest common subsequence of what is left when their equal beginnings and ends are put
 * aside. What is too big for that is told as replaced whole, so that no two texts cost more than a moment.
 */
export interface Run {
  readonly kind: "same" | "removed" | "added";
  readonly lines: readonly string[];
}

/** Cells of the table, two bytes each: 2,000 lines against 2,000. */
const CELLS_MAX = 4_000_000;

/** The removed lines and the same ones are `before`, the added and the same are `after`. */
export function diffOf(before: string, after: string): readonly Run[] {
  const [a, b] = [before.split("\n"), after.split("\n")];
  const head = countSame(Math.min(a.length, b.length), (nth) => a[nth] === b[nth]);
  const rest = Math.min(a.length, b.length) - head;
  const tail = countSame(rest, (nth) => a[a.length - 1 - nth] === b[b.length - 1 - nth]);
  const runs: Run[] = [
    { kind: "same", lines: a.slice(0, head) },
    ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    { kind: "same", lines: a.slice(a.length - tail) },
  ];
  return runs.filter(({ lines }) => lines.length > 0);
}

function countSame(most: number, isSame: (nth: number) => boolean): number {
  let same = 0;
  while (same < most && isSame(same)) same += 1;
  return same;
}

function middle(a: readonly string[], b: readonly string[]): readonly Run[] {
  if ((a.length + 1) * (b.length + 1) > CELLS_MAX)
    return [
      { kind: "removed", lines: a },
      { kind: "added", lines: b },
    ];
  const common = commonLengths(a, b);
  const width = b.length + 1;
  const steps: (readonly [Run["kind"], string])[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const [left, right] = [a[i], b[j]];
    const after = (down: number, along: number): number => common[(i + down) * width + j + along] ?? 0;
    if (left !== undefined && left === right) {
      steps.push(["same", left]);
      i += 1;
      j += 1;
    } else if (left !== undefined && (right === undefined || after(1, 0) >= after(0, 1))) {
      steps.push(["removed", left]);
      i += 1;
    } else {
      steps.push(["added", right ?? ""]);
      j += 1;
    }
  }
  return runsOf(steps);
}

/** For each place in both: how many lines are common from there to the ends. */
function commonLengths(a: readonly string[], b: readonly string[]): Uint16Array {
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const at = i * width + j;
      const [down = 0, along = 0, both = 0] = [table[at + width], table[at + 1], table[at + width + 1]];
      table[at] = a[i] === b[j] ? both + 1 : Math.max(down, along);
    }
  return table;
}

function runsOf(steps: readonly (readonly [Run["kind"], string])[]): readonly Run[] {
  const runs: { kind: Run["kind"]; lines: string[] }[] = [];
  for (const [kind, line] of steps) {
    const last = runs.at(-1);
    if (last?.kind === kind) last.lines.push(line);
    else runs.push({ kind, lines: [line] });
  }
  return runs;
}
