/** The report of the migration: both ways compared, and whether that is enough to take the next step. */
import type { ShownReport } from "../../api/migration-fields.ts";
import { Shown, useAnswer } from "../answers.tsx";
import { Fact } from "../facts.tsx";
import { FilterBar, useFilters } from "../filter-bar.tsx";
import { api, page, withQuery } from "../places.ts";
import { count, Id, plural, State, Time } from "../words.tsx";

const FILTERS = [
  { name: "since", title: "Looking back", placeholder: "1h" },
  { name: "min_events", title: "Events at least", placeholder: "100" },
  { name: "listeners", title: "Listeners", placeholder: "1" },
  { name: "p99", title: "99 % within", placeholder: "5s" },
] as const;

/** All of them are in the API's answer. */
const MISSING_SHOWN = 100;

type Latency = ShownReport["bus_latency"];

const latencyText = ({ p50_ms: p50, p99_ms: p99 }: Latency): string =>
  p50 === null || p99 === null ? "–" : `${count(p50)} ms, 99 % ${count(p99)} ms`;

export function MigrationReport() {
  const filters = useFilters(FILTERS);
  const asked = useAnswer<ShownReport>(withQuery(api("migration", "report"), filters));
  return (
    <section class="card">
      <h2>Is the next step safe?</h2>
      <FilterBar filters={FILTERS}>
        <button type="button" disabled={asked.isAsking} onClick={asked.again}>
          Compare again
        </button>
      </FilterBar>
      <Shown asked={asked} what="the report">
        {(report) => <Compared report={report} />}
      </Shown>
    </section>
  );
}

function Compared({ report }: { readonly report: ShownReport }) {
  const { verdict, because, missing, bus_latency: bus, webhook_latency: webhook } = report;
  return (
    <>
      <p>
        <State word={verdict} /> since <Time at={report.since} />
      </p>
      {because.length > 0 && (
        <ul>
          {because.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      )}
      <dl class="facts">
        <Fact name="Dispatched">{count(report.dispatched)}</Fact>
        <Fact name="On the bus">{count(report.on_bus)}</Fact>
        <Fact name="Delivered by webhook">{count(report.delivered)}</Fact>
        <Fact name="Owed, and not late yet">{count(report.pending)}</Fact>
        <Fact name="Given up">{count(report.buried)}</Fact>
        <Fact name="By the bus alone">{count(report.bus_only)}</Fact>
        <Fact name="Bus, half within">{latencyText(bus)}</Fact>
        <Fact name="Webhook, half within">{latencyText(webhook)}</Fact>
      </dl>
      <h3>{missing.length === 0 ? "Nothing is missing" : `${plural(missing.length, "event")} missing`}</h3>
      <ul class="plain log">
        {missing.slice(0, MISSING_SHOWN).map(({ event_id: id, side, accepted_at: at, state }) => (
          <li key={`${id} ${side}`}>
            <Id id={id} href={page("events", id)} />
            <span>
              by {side}: {state.replaceAll("_", " ")}
            </span>
            <Time at={at} />
          </li>
        ))}
      </ul>
      {missing.length > MISSING_SHOWN && (
        <p class="muted">
          and {count(missing.length - MISSING_SHOWN)} more: <code>hookwave migration report</code>
        </p>
      )}
    </>
  );
}
