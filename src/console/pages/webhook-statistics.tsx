/** Statistics of a webhook: in all, and in the last day by the hour, as bars. */
import type { ShownStatistics } from "../../api/webhook-log-fields.ts";
import { Shown, useAnswer } from "../answers.tsx";
import { Fact } from "../facts.tsx";
import { api } from "../places.ts";
import { count, plural } from "../words.tsx";

const EACH_MS = 15_000;
const HEIGHT = 48;
const BAR_WIDTH = 8;
const STEP = 10;

type Hour = ShownStatistics["hours"][number];

const milliseconds = (value: number | null): string =>
  value === null ? "–" : `${count(Math.round(value))} ms`;

export function WebhookStatistics({ id }: { readonly id: string }) {
  const asked = useAnswer<ShownStatistics>(api("webhooks", id, "stats"), EACH_MS);
  return (
    <section class="card">
      <h2>Statistics</h2>
      <Shown asked={asked} what="its statistics">
        {(stats) => (
          <>
            <dl class="facts">
              <Fact name="Delivered">{count(stats.successful_deliveries)}</Fact>
              <Fact name="Given up">{count(stats.failed_deliveries)}</Fact>
              <Fact name="Waiting">{count(stats.pending_deliveries)}</Fact>
              <Fact name="Delivered of those that ended">
                {stats.successful_deliveries + stats.failed_deliveries === 0
                  ? "none has ended"
                  : `${(stats.success_rate * 100).toFixed(1)} %`}
              </Fact>
              <Fact name="Half of a day's attempts within">{milliseconds(stats.p50_ms)}</Fact>
              <Fact name="99 % within">{milliseconds(stats.p99_ms)}</Fact>
            </dl>
            <Bars hours={stats.hours} />
          </>
        )}
      </Shown>
    </section>
  );
}

function Bars({ hours }: { readonly hours: readonly Hour[] }) {
  const most = Math.max(1, ...hours.map(({ attempts }) => attempts));
  const sum = hours.reduce((total, { attempts }) => total + attempts, 0);
  return (
    <figure class="bars">
      <svg
        role="img"
        aria-label={`${plural(sum, "attempt")} in ${hours.length} hours, at most ${count(most)} in one`}
        viewBox={`0 0 ${hours.length * STEP} ${HEIGHT}`}
        preserveAspectRatio="none"
      >
        {hours.map((hour, at) => (
          <Bar key={hour.starts_at} hour={hour} x={at * STEP} most={most} />
        ))}
      </svg>
      <figcaption class="muted">
        {plural(sum, "attempt")} in the last {hours.length} hours: <span class="good">delivered</span>,{" "}
        <span class="warn">tried again</span>, <span class="bad">given up</span>
      </figcaption>
    </figure>
  );
}

function Bar({ hour, x, most }: { readonly hour: Hour; readonly x: number; readonly most: number }) {
  const { starts_at: at, attempts, delivered, given_up: givenUp, p99_ms: p99 } = hour;
  const parts = [
    ["good", delivered],
    ["warn", Math.max(0, attempts - delivered - givenUp)],
    ["bad", givenUp],
  ] as const;
  let y = HEIGHT;
  return (
    <g>
      <title>
        {`${new Date(at).toLocaleTimeString()}: ${plural(attempts, "attempt")}, ${count(delivered)} delivered, ${count(givenUp)} given up, 99 % within ${milliseconds(p99)}`}
      </title>
      <rect class="back" x={x} y={0} width={BAR_WIDTH} height={HEIGHT} />
      <rect class="base" x={x} y={HEIGHT - 1} width={BAR_WIDTH} height={1} />
      {parts.map(([tone, number]) => {
        const height = (number / most) * HEIGHT;
        y -= height;
        return <rect key={tone} class={tone} x={x} y={y} width={BAR_WIDTH} height={height} />;
      })}
    </g>
  );
}
