/** The migration from the legacy bus: how it stands, the switch between its phases, and the evidence for the next step. */
import type { ShownMigration } from "../../api/migration-fields.ts";
import { PHASE_MEANINGS, sharesInWords } from "../../core/migration-words.ts";
import { type Answered, Shown, useAnswer } from "../answers.tsx";
import { Fact } from "../facts.tsx";
import { api } from "../places.ts";
import { Ago, count, plural, State, Time } from "../words.tsx";
import { MigrationReport } from "./migration-report.tsx";
import { SwitchPhase } from "./switch-phase.tsx";

const EACH_MS = 5_000;

export function Migration() {
  const asked: Answered<ShownMigration> = useAnswer(api("migration"), EACH_MS);
  return (
    <>
      <div class="head">
        <h1>Migration</h1>
        <div class="acts">
          <SwitchPhase shown={asked.value} again={asked.again} />
        </div>
      </div>
      <Shown asked={asked} what="the migration">
        {(shown) => (
          <>
            <WithoutBus shown={shown} />
            <Stand shown={shown} />
            <History history={shown.history} />
          </>
        )}
      </Shown>
      <MigrationReport />
    </>
  );
}

function WithoutBus({ shown: { bus, version } }: { readonly shown: ShownMigration }) {
  if (bus.list_length === null && bus.listeners === null)
    return (
      <div class="banner warn">
        <p>No list and no channel of a legacy bus answers.</p>
        <p>
          Its Redis is named by <code>LEGACY_REDIS_URL</code> (else <code>REDIS_URL</code>), its list and its
          channel by <code>LEGACY_REDIS_LIST</code> and <code>LEGACY_REDIS_CHANNEL</code>.
        </p>
      </div>
    );
  if (version > 0 || bus.listeners !== 0 || bus.list_length !== 0) return null;
  return (
    <div class="empty">
      <p>
        Nobody has begun a migration, and nobody uses a legacy bus here: webhooks alone, which is how it ends.
      </p>
      <p>
        To move consumers of a Redis list or channel, name it with <code>LEGACY_REDIS_LIST</code> and{" "}
        <code>LEGACY_REDIS_CHANNEL</code>, then switch to dual:{" "}
        <code>hookwave migration set dual --for 30m</code>
      </p>
    </div>
  );
}

function Stand({ shown }: { readonly shown: ShownMigration }) {
  const { phase, since, by, reason, until, return_to: to, shares, environment, backlog, late, bus } = shown;
  return (
    <section class="card">
      <h2>
        Phase <State word={phase} />
      </h2>
      <p>{PHASE_MEANINGS[phase]}</p>
      <dl class="facts">
        <Fact name="Since">{since === null ? "nobody has set it" : <Time at={since} />}</Fact>
        <Fact name="By">{by}</Fact>
        <Fact name="Because">{reason ?? "–"}</Fact>
        <Fact name="Ends">
          {until === null ? (
            "not by itself"
          ) : (
            <>
              <Ago at={until} />, and {to} comes back
            </>
          )}
        </Fact>
        <Fact name="Share">{sharesInWords(shares)}</Fact>
        <Fact name="The environment says">
          {environment?.phase ?? "nothing (ENABLE_REDIS_FALLBACK is not set)"}
        </Fact>
        <Fact name="Events whose webhooks are kept">{count(backlog)}</Fact>
        <Fact name="Events that wait for the bus">{count(late)}</Fact>
        <Fact name="List">
          {bus.list_length === null ? "none, or no answer" : plural(bus.list_length, "entry", "entries")}
        </Fact>
        <Fact name="Listeners of the channel">{bus.listeners ?? "no channel, or no answer"}</Fact>
      </dl>
    </section>
  );
}

function History({ history }: Pick<ShownMigration, "history">) {
  return (
    <section class="card">
      <h2>Changes</h2>
      {history.length === 0 && <p class="muted">None yet.</p>}
      <ul class="plain log">
        {history.map(({ version, from, to, at, by, reason, until }) => (
          <li key={version}>
            <span>
              {from} → <strong>{to}</strong>
            </span>
            <span>{by}</span>
            <span class="muted">
              {reason}
              {until !== null && (
                <>
                  {" "}
                  until <Time at={until} />
                </>
              )}
            </span>
            <Time at={at} />
          </li>
        ))}
      </ul>
    </section>
  );
}
