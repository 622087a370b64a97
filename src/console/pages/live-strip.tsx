/** The last attempts as ticks, the newest at the right: a colour each, and in words how many of them got through. */
import type { VNode } from "preact";
import type { LiveRow } from "../../api/live-frames.ts";
import { page } from "../places.ts";
import { useLive } from "../use-live.ts";
import { plural, rateOf } from "../words.tsx";

const TICKS = 150;

export function LiveStrip() {
  const { rows, perSecond, connection } = useLive({}, TICKS);
  const delivered = rows.filter(({ outcome }) => outcome === "delivered").length;
  return (
    <section class="card strip" aria-label="Live">
      <p>
        <a href={page("live")}>Live</a>
        <span class="rate">{rateOf(perSecond)}</span>
        <span class="muted">{summary(rows.length, delivered, connection === "open")}</span>
      </p>
      <div class="ticks" aria-hidden="true">
        {rows.map(tickOf)}
      </div>
    </section>
  );
}

function summary(seen: number, delivered: number, isOpen: boolean): string {
  if (!isOpen) return "connecting …";
  if (seen === 0) return "attempts appear here as they are made";
  return `the last ${plural(seen, "attempt")}: ${delivered} delivered, ${seen - delivered} not`;
}

/** The same element each time, which Preact then does not look into. */
const ticks = new WeakMap<LiveRow, VNode>();

function tickOf(row: LiveRow): VNode {
  const tone = row.outcome === "delivered" ? "good" : row.status === "failed" ? "bad" : "warn";
  const tick = ticks.get(row) ?? (
    <i key={row.id} class={tone} title={`${row.outcome} · ${row.delivery_id}`} />
  );
  ticks.set(row, tick);
  return tick;
}
