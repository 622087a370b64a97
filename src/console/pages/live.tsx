/** The live tail: attempts of the whole fleet as they are made, newest on top. */
import type { VNode } from "preact";
import type { LiveRow } from "../../api/live-frames.ts";
import { OUTCOME_KINDS } from "../../core/outcome.ts";
import { Empty, Refused } from "../answers.tsx";
import { FilterBar, useFilters } from "../filter-bar.tsx";
import { useKeys } from "../keyboard.ts";
import { page } from "../places.ts";
import { type Live, useLive } from "../use-live.ts";
import { Clock, count, Id, plural, rateOf, State } from "../words.tsx";

const FILTERS = [
  { name: "outcome", title: "Outcome", choices: [...OUTCOME_KINDS, "retrying", "failed"] },
  { name: "endpoint", title: "Endpoint", placeholder: "ep_…" },
  { name: "type", title: "Type", placeholder: "job.*" },
] as const;

const ROWS_MAX = 300;
const NUMBERS: readonly string[] = ["Attempt", "Took"];
const TITLES = ["Time", "Outcome", "Answer", "Delivery", "Type", "Endpoint", "Attempt", "Took"] as const;

export function LiveTail() {
  const live = useLive(useFilters(FILTERS), ROWS_MAX);
  useKeys({ " ": live.togglePause });
  const { problem, rows, heldBack } = live;
  return (
    <>
      <div class="head">
        <h1>Live</h1>
        <LiveState live={live} />
        <div class="acts">
          <button type="button" class={heldBack === null ? "" : "primary"} onClick={live.togglePause}>
            {heldBack === null ? "Pause" : "Go on"} <kbd>space</kbd>
          </button>
        </div>
      </div>
      <FilterBar filters={FILTERS} />
      {problem !== null && <Refused problem={problem} />}
      {rows.length === 0 ? (
        <Empty>
          Nothing yet. Attempts appear here the moment they are made; publish an event:{" "}
          <code>hookwave publish job.completed</code>
        </Empty>
      ) : (
        <Rows rows={rows} />
      )}
      <Accounts live={live} />
    </>
  );
}

const CONNECTIONS = {
  opening: "connecting …",
  open: "live",
  lost: "reconnecting …",
  refused: "refused",
} as const;
const TONES = { opening: "pending", open: "delivered", lost: "retrying", refused: "failed" } as const;

function LiveState({ live: { connection, heldBack, perSecond } }: { readonly live: Live }) {
  return (
    <>
      <span role="status">
        <State
          word={heldBack === null ? TONES[connection] : "paused"}
          text={heldBack === null ? CONNECTIONS[connection] : "paused"}
        />
      </span>
      <span class="rate muted">{rateOf(perSecond)}</span>
      {heldBack !== null && <span class="muted">{count(heldBack)} came since</span>}
    </>
  );
}

/** Each row that came is somewhere: shown, waiting, gone from the list, or left out by the service. */
function Accounts({ live: { rows, came, dropped, hasGap, heldBack } }: { readonly live: Live }) {
  const gone = came - rows.length - (heldBack ?? 0);
  return (
    <p class="under-table">
      <span>
        {plural(came, "attempt")} came, {count(rows.length)} shown
      </span>
      {gone > 0 && (
        <span>
          {count(gone)} no longer: the list has the newest {ROWS_MAX}
        </span>
      )}
      {dropped > 0 && (
        <strong>{count(dropped)} left out by the service: they came faster than this page reads</strong>
      )}
      {hasGap && <strong>Some are missing: the page was away for longer than the service remembers</strong>}
    </p>
  );
}

function Rows({ rows }: { readonly rows: readonly LiveRow[] }) {
  return (
    <table class="data live" aria-label="attempts">
      <thead>
        <tr>
          {TITLES.map((title) => (
            <th key={title} scope="col" class={NUMBERS.includes(title) ? "number" : ""}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{rows.map(lineOf)}</tbody>
    </table>
  );
}

/** The same element each time, which Preact then does not look into. */
const lines = new WeakMap<LiveRow, VNode>();

function lineOf(row: LiveRow): VNode {
  const line = lines.get(row) ?? <Line key={row.id} row={row} />;
  lines.set(row, line);
  return line;
}

function Line({ row }: { readonly row: LiveRow }) {
  const { delivery_id: delivery, webhook_id: endpoint } = row;
  return (
    <tr>
      <td data-title="Time">
        <Clock at={row.created_at} />
      </td>
      <td data-title="Outcome">
        <State word={row.status === "failed" ? "failed" : row.outcome} text={wordOf(row)} />
      </td>
      <td data-title="Answer">{row.response_status ?? row.reason ?? "–"}</td>
      <td data-title="Delivery">
        <Id id={delivery} href={page("deliveries", delivery)} />
      </td>
      <td data-title="Type">{row.event}</td>
      <td data-title="Endpoint">
        <Id id={endpoint} href={page("webhooks", endpoint)} />
      </td>
      <td data-title="Attempt" class="number">
        {row.attempt_count}
      </td>
      <td data-title="Took" class="number">
        {Math.round(row.duration_ms)} ms
      </td>
    </tr>
  );
}

const wordOf = ({ status, outcome }: LiveRow): string =>
  status === "failed" ? `${outcome}, given up` : outcome;
