/** Lines over time in one picture, of a few elements of SVG. It says nothing that its page does not say in words, too. */
import { count } from "./words.tsx";

export interface Line {
  /** A class that has a colour. */
  readonly tone: "good" | "bad";
  readonly values: readonly number[];
}

const WIDTH = 600;
const HEIGHT = 120;

/** `from` and `to` stand under its ends. */
export function Chart({
  lines,
  from,
  to,
}: {
  readonly lines: readonly Line[];
  readonly from: string;
  readonly to: string;
}) {
  const most = Math.max(1, ...lines.flatMap(({ values }) => values));
  return (
    <div class="drawing" aria-hidden="true">
      <span class="most">{count(most)}</span>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none">
        <title>Over time</title>
        {lines.map(({ tone, values }) => (
          <g key={tone} class={tone}>
            <polygon points={`0,${HEIGHT} ${pointsOf(values, most)} ${WIDTH},${HEIGHT}`} />
            <polyline points={pointsOf(values, most)} />
          </g>
        ))}
      </svg>
      <p>
        <span>{from}</span>
        <span>{to}</span>
      </p>
    </div>
  );
}

function pointsOf(values: readonly number[], most: number): string {
  const step = WIDTH / Math.max(1, values.length - 1);
  return values
    .map((value, at) => `${(at * step).toFixed(1)},${(HEIGHT * (1 - value / most)).toFixed(1)}`)
    .join(" ");
}
