/** An overview of how it goes: what is waiting and given up, who does not get through, what happens now and what somebody changed. */
import type { ServiceStatus } from "../../api/routes/health.ts";
import { roughSpan } from "../../core/duration.ts";
import { Shown, useAnswer, useAsked } from "../answers.tsx";
import { api, page, withQuery } from "../places.ts";
import { may } from "../session.ts";
import { count } from "../words.tsx";
import { readHealth } from "./known-health.ts";
import { LiveStrip } from "./live-strip.tsx";
import { RecentChanges } from "./recent-changes.tsx";
import { Troubles } from "./troubles.tsx";

const POLL_MS = 5_000;

export function Overview() {
  const status = useAnswer<ServiceStatus>(api("status"), POLL_MS);
  const health = useAsked("health", readHealth, POLL_MS);
  return (
    <>
      <h1>Overview</h1>
      <Shown asked={status} what="what there is to do">
        {(counts) => <Counts counts={counts} />}
      </Shown>
      <LiveStrip />
      <div class="columns">
        <Shown asked={health} what="how the endpoints are">
          {(known) => <Troubles health={known} />}
        </Shown>
        {may("admin") && <RecentChanges everyMs={POLL_MS} />}
      </div>
    </>
  );
}

function Counts({ counts: { new: fresh, retrying, dead } }: { readonly counts: ServiceStatus }) {
  return (
    <ul class="tiles">
      <Tile
        title="New"
        number={fresh.depth}
        href={page("events")}
        says={
          fresh.depth === 0
            ? "nothing waits for its first attempt"
            : `the oldest for ${roughSpan(fresh.oldest_age_ms)}`
        }
      />
      <Tile
        title="Trying again"
        number={retrying.depth}
        tone={retrying.depth === 0 ? "" : "warn"}
        href={withQuery(page("deliveries"), { status: "retrying" })}
        says={retrying.depth === 0 ? "nothing waits" : `the oldest for ${roughSpan(retrying.oldest_age_ms)}`}
      />
      <Tile
        title="Dead letters"
        number={dead.depth}
        tone={dead.depth === 0 ? "" : "bad"}
        href={page("dead-letters")}
        says={
          dead.depth === 0 ? "nothing was given up" : `the oldest is ${roughSpan(dead.oldest_age_ms)} old`
        }
      />
    </ul>
  );
}

interface TileProps {
  readonly title: string;
  readonly number: number;
  readonly says: string;
  readonly href: string;
  readonly tone?: string;
}

function Tile({ title, number, says, href, tone = "" }: TileProps) {
  return (
    <li class={`tile ${tone}`}>
      <a href={href}>
        <span class="title">{title}</span>
        <strong>{count(number)}</strong>
      </a>
      <span class="muted">{says}</span>
    </li>
  );
}
