/** The last hour of the fleet by the minute: as a chart, in a sentence, and as a table for whoever wants figures. */
import type { ShownSpan } from "../../api/routes/statistics.ts";
import { Chart, type Line } from "../chart.tsx";
import { Clock, count, plural } from "../words.tsx";

type Point = ShownSpan["data"][number];

export function Throughput({ span: { data } }: { readonly span: ShownSpan }) {
  const delivered = sum(data, ({ delivered: one }) => one);
  const failed = sum(data, ({ failed: one }) => one);
  const buried = sum(data, ({ buried: one }) => one);
  return (
    <figure class="card throughput">
      <figcaption>
        <h2>The last hour</h2>
        <span>
          <i class="key good" /> {count(delivered)} delivered
        </span>
        <span>
          <i class="key bad" /> {plural(failed, "attempt")} failed
        </span>
        <span class="muted">{count(buried)} given up</span>
      </figcaption>
      <Chart lines={linesOf(data)} from="an hour ago" to="now" />
      <details>
        <summary>By the minute</summary>
        <Minutes data={data} />
      </details>
    </figure>
  );
}

const sum = (data: readonly Point[], of: (point: Point) => number): number =>
  data.reduce((all, point) => all + of(point), 0);

const linesOf = (data: readonly Point[]): readonly Line[] => [
  { tone: "good", values: data.map(({ delivered }) => delivered) },
  { tone: "bad", values: data.map(({ failed }) => failed) },
];

function Minutes({ data }: { readonly data: readonly Point[] }) {
  const busy = data.filter(({ attempts, buried }) => attempts > 0 || buried > 0);
  if (busy.length === 0) return <p class="muted">No attempt was made.</p>;
  return (
    <table class="figures">
      <thead>
        <tr>
          {["Minute", "Delivered", "Failed", "Given up", "First attempt p95"].map((title) => (
            <th key={title} scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {busy.toReversed().map(({ at, delivered, failed, buried, p95_ms: p95 }) => (
          <tr key={at}>
            <th scope="row">
              <Clock at={at} />
            </th>
            <td>{count(delivered)}</td>
            <td>{count(failed)}</td>
            <td>{count(buried)}</td>
            <td>{p95 === null ? "–" : `${Math.round(p95)} ms`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
