/** An overview of how it goes: what is waiting and given up, who does not get through, what happens now and what somebody changed. */
import type { ServiceStatus } from "../../api/routes/health.ts";
import type { ShownSpan } from "../../api/routes/statistics.ts";
import { roughSpan } from "../../core/duration.ts";
import { Shown, useAnswer, useAsked } from "../answers.tsx";
import { api, page, withQuery } from "../places.ts";
import { may } from "../session.ts";
import { count } from "../words.tsx";
import { readHealth } from "./known-health.ts";
import { LiveStrip } from "./live-strip.tsx";
import { RecentChanges } from "./recent-changes.tsx";
import { Throughput } from "./throughput.tsx";
import { Troubles } from "./troubles.tsx";

const POLL_MS = 5_000;
const STATISTICS_POLL_MS = 15_000;

export function Overview() {
  const status = useAnswer<ServiceStatus>(api("status"), POLL_MS);
  const statistics = useAnswer<ShownSpan>(api("statistics"), STATISTICS_POLL_MS);
  const health = useAsked("health", readHealth, POLL_MS);
  return (
    <>
      <h1>Overview</h1>
      <Shown asked={status} what="what there is to do">
        {(counts) => <Counts counts={counts} span={statistics.value} />}
      </Shown>
      <LiveStrip />
      <Shown asked={statistics} what="what the last hour was like">
        {(span) => <Throughput span={span} />}
      </Shown>
      <div class="columns">
        <Shown asked={health} what="how the endpoints are">
          {(known) => <Troubles health={known} />}
        </Shown>
        {may("admin") && <RecentChanges everyMs={POLL_MS} />}
      </div>
    </>
  );
}

interface CountsProps {
  readonly counts: ServiceStatus;
  readonly span: ShownSpan | null;
}

function Counts({ counts: { new: fresh, retrying, dead }, span }: CountsProps) {
  const lately = span?.data.findLast(({ p95_ms: p95 }) => p95 !== null) ?? null;
  return (
    <ul class="tiles">
      <Tile
        title="New"
        number={count(fresh.depth)}
        href={page("events")}
        says={
          fresh.depth === 0
            ? "nothing waits for its first attempt"
            : `the oldest for ${roughSpan(fresh.oldest_age_ms)}`
        }
      />
      <Tile
        title="Trying again"
        number={count(retrying.depth)}
        tone={retrying.depth === 0 ? "" : "warn"}
        href={withQuery(page("deliveries"), { status: "retrying" })}
        says={retrying.depth === 0 ? "nothing waits" : `the oldest for ${roughSpan(retrying.oldest_age_ms)}`}
      />
      <Tile
        title="Dead letters"
        number={count(dead.depth)}
        tone={dead.depth === 0 ? "" : "bad"}
        href={page("dead-letters")}
        says={
          dead.depth === 0 ? "nothing was given up" : `the oldest is ${roughSpan(dead.oldest_age_ms)} old`
        }
      />
      <Tile
        title="First attempt p95"
        number={lately === null ? "–" : latency(lately.p95_ms ?? 0)}
        href={page("live")}
        says={
          lately === null ? "no attempt in the last hour" : "from acceptance, in the last minute with one"
        }
      />
    </ul>
  );
}

const latency = (spanMs: number): string => (spanMs < 1_000 ? `${Math.round(spanMs)} ms` : roughSpan(spanMs));

interface TileProps {
  readonly title: string;
  readonly number: string;
  readonly says: string;
  readonly href: string;
  readonly tone?: string;
}

function Tile({ title, number, says, href, tone = "" }: TileProps) {
  return (
    <li class={`tile ${tone}`}>
      <a href={href}>
        <span class="title">{title}</span>
        <strong>{number}</strong>
      </a>
      <span class="muted">{says}</span>
    </li>
  );
}
