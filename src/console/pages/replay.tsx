/** A replay of many dead letters: how far it is, at which rate, and the orders that it obeys. */
import { useEffect, useState } from "preact/hooks";
import { useRoute } from "preact-iso/router";
import type { ShownReplay } from "../../api/routes/replays.ts";
import { roughSpan } from "../../core/duration.ts";
import type { ReplayOrder } from "../../core/replay.ts";
import { Act } from "../act.tsx";
import { type Answered, Shown, useAnswer } from "../answers.tsx";
import { ask } from "../api.ts";
import { CopyButton } from "../copy-button.tsx";
import { Fact } from "../facts.tsx";
import { api, page, withQuery } from "../places.ts";
import { count, Id, plural, State, Time } from "../words.tsx";

const POLL_MS = 1_000;

export function OneReplay() {
  const { params } = useRoute();
  const id = decodeURIComponent(params["id"] ?? "");
  const [isOver, setOver] = useState(false);
  const asked = useAnswer<ShownReplay>(api("replays", id), isOver ? null : POLL_MS);
  const replay = asked.value;
  useEffect(() => setOver(replay !== null && replay.finished_at !== null), [replay]);
  return (
    <>
      <div class="head">
        <h1>
          Replay <span class="id">{id}</span>
        </h1>
        <CopyButton text={id} what="the replay's id" />
        {replay !== null && <Orders replay={replay} asked={asked} />}
      </div>
      <Shown asked={asked} what="the replay">
        {(shown) => (
          <>
            <Progress replay={shown} />
            <Facts replay={shown} />
            {shown.failed > 0 && <Failures replay={shown} />}
          </>
        )}
      </Shown>
    </>
  );
}

interface Given {
  readonly replay: ShownReplay;
}

function Orders({ replay, asked }: Given & { readonly asked: Answered<ShownReplay> }) {
  const { id, state } = replay;
  const order = async (name: ReplayOrder, news: string): Promise<string> => {
    await ask<ShownReplay>(api("replays", id, name), { method: "POST" });
    asked.again();
    return news;
  };
  if (state === "done" || state === "cancelled") return null;
  return (
    <div class="acts">
      {state === "running" ? (
        <Act key="pause" needs="admin" label="Pause" confirm={null} run={() => order("pause", "Paused")} />
      ) : (
        <Act
          key="resume"
          needs="admin"
          label="Resume"
          confirm={null}
          run={() => order("resume", "Goes on")}
        />
      )}
      <Act
        needs="admin"
        label="Cancel"
        isDangerous
        confirm="End this replay? What it has not sent yet stays a dead letter."
        run={() => order("cancel", "Cancelled")}
      />
    </div>
  );
}

export const dealtWith = ({ replayed, skipped, failed }: ShownReplay): number => replayed + skipped + failed;

/** The letters that it is about, in words. */
export function narrowing(filter: ShownReplay["filter"]): string {
  const members = Object.entries(filter);
  return members.length === 0 ? "all of them" : members.map(([name, value]) => `${name} ${value}`).join(", ");
}

function Progress({ replay }: Given) {
  const { state, total, rate } = replay;
  const done = dealtWith(replay);
  const leftMs = (Math.max(0, total - done) / rate) * 1_000;
  const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
  return (
    <section class="card progress" aria-label="Progress">
      <p>
        <State word={state} />
        <strong>
          {count(done)} of {count(total)}
        </strong>
        <span class="muted">
          {percent} %
          {state === "running" && leftMs > 0
            ? ` · ${roughSpan(leftMs)} to go at ${count(rate)} a second`
            : ""}
        </span>
      </p>
      <progress aria-label="Letters dealt with" max={Math.max(1, total)} value={total === 0 ? 1 : done} />
    </section>
  );
}

function Facts({ replay }: Given) {
  const { replayed, skipped, failed, filter, to_endpoint_id: to, created_at: at, finished_at: end } = replay;
  return (
    <dl class="facts card">
      <Fact name="Sent again">{count(replayed)}</Fact>
      <Fact name="Gone when their turn came">{count(skipped)}</Fact>
      <Fact name="Could not be sent">{count(failed)}</Fact>
      <Fact name="Letters">
        <a href={withQuery(page("dead-letters"), filter)}>{narrowing(filter)}</a>
      </Fact>
      {to !== null && (
        <Fact name="To">
          <Id id={to} href={page("webhooks", to)} />
        </Fact>
      )}
      <Fact name="Begun">
        <Time at={at} />
      </Fact>
      {end !== null && (
        <Fact name="Ended">
          <Time at={end} />
        </Fact>
      )}
    </dl>
  );
}

function Failures({ replay: { failures, failed } }: Given) {
  return (
    <section class="card" aria-label="Failures">
      <h2>{plural(failed, "letter")} could not be sent, and are still there</h2>
      <ul class="plain lines">
        {failures.map(({ id, problem }) => (
          <li key={id}>
            <Id id={id} href={page("dead-letters", id)} /> <span>{problem}</span>
          </li>
        ))}
      </ul>
      {failed > failures.length && <p class="muted">The first {count(failures.length)} of them.</p>}
    </section>
  );
}
