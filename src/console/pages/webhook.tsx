/** One webhook: how it is set and how it is doing, what may be done to it, and the tools for whoever owns its receiver. */
import { useLocation, useRoute } from "preact-iso/router";
import type { ShownWebhook } from "../../api/webhook-fields.ts";
import type { LogRow } from "../../api/webhook-log-fields.ts";
import type { Page } from "../../core/page.ts";
import { type Answered, Shown, useAnswer, useAsked } from "../answers.tsx";
import { ask } from "../api.ts";
import { CopyButton } from "../copy-button.tsx";
import { readStates, type WebhookState } from "../endpoint-health.ts";
import { Fact } from "../facts.tsx";
import { api, page, withQuery } from "../places.ts";
import { Ago, count, Id, State, Time } from "../words.tsx";
import { WebhookActs } from "./webhook-acts.tsx";
import { WebhookFacts } from "./webhook-facts.tsx";
import { WebhookStatistics } from "./webhook-statistics.tsx";
import { WebhookTest } from "./webhook-test.tsx";
import { StateInWords } from "./webhooks.tsx";

interface Looked {
  readonly webhook: ShownWebhook;
  readonly state: WebhookState | undefined;
}

const EACH_MS = 5_000;
const LOG_ROWS = 10;

async function look(id: string, signal: AbortSignal): Promise<Looked> {
  const webhook = await ask<ShownWebhook>(api("webhooks", id), { signal });
  return { webhook, state: (await readStates([webhook], signal)).get(webhook.id) };
}

export function OneWebhook() {
  const { params } = useRoute();
  const id = decodeURIComponent(params["id"] ?? "");
  const asked = useAsked(id, (signal) => look(id, signal), EACH_MS);
  return (
    <>
      <div class="head">
        <h1>
          Webhook <span class="id">{id}</span>
        </h1>
        <CopyButton text={id} what="the webhook's id" />
        {asked.value !== null && <WebhookActs webhook={asked.value.webhook} again={asked.again} />}
      </div>
      <Shown asked={asked} what="the webhook">
        {({ webhook, state }) => (
          <>
            <Health webhook={webhook} state={state} />
            <WebhookFacts webhook={webhook} />
            <WebhookStatistics id={id} />
            <Log id={id} />
            <WebhookTest id={id} />
            <VerifyTool webhook={webhook} />
          </>
        )}
      </Shown>
    </>
  );
}

function Health({ webhook, state }: Looked) {
  const health = state?.health;
  return (
    <section class="card">
      <h2>Health</h2>
      <p>
        <StateInWords webhook={webhook} state={state} />
      </p>
      {health === undefined ? (
        <p class="muted">Nothing more is known of it yet.</p>
      ) : (
        <dl class="facts">
          <Fact name="Breaker">
            <State word={health.breaker} text={health.breaker.replace("_", " ")} />
          </Fact>
          <Fact name="Last success">
            <Ago at={health.last_success_at} />
          </Fact>
          <Fact name="Failing since">
            <Ago at={health.failing_since} />
          </Fact>
          <Fact name="Waiting for another attempt">{count(health.waiting)}</Fact>
        </dl>
      )}
    </section>
  );
}

function Log({ id }: { readonly id: string }) {
  const url = withQuery(api("webhooks", id, "logs"), { limit: LOG_ROWS });
  const asked: Answered<Page<LogRow>> = useAnswer(url, EACH_MS);
  return (
    <section class="card">
      <h2>Latest attempts</h2>
      <Shown asked={asked} what="its log">
        {({ data, next }) => (
          <>
            {data.length === 0 && (
              <p class="muted">
                None yet. <code>hookwave endpoints test {id}</code> sends a test, which is no attempt.
              </p>
            )}
            <ul class="plain log">
              {data.map((row) => (
                <LogLine key={row.id} row={row} />
              ))}
            </ul>
            <p>
              <a href={withQuery(page("deliveries"), { endpoint: id })}>
                {next === null ? "Its deliveries" : "All its deliveries"}
              </a>
            </p>
          </>
        )}
      </Shown>
    </section>
  );
}

function LogLine({ row }: { readonly row: LogRow }) {
  const { status, delivery_id: delivery, event, event_id: eventId, error_message: error } = row;
  return (
    <li>
      <State word={status} />
      <Id id={eventId} href={page("deliveries", delivery)} />
      <span>{event}</span>
      <span class="muted">
        {error ?? `HTTP ${row.response_status}`}, attempt {row.attempt_count}, {Math.round(row.duration_ms)}{" "}
        ms
      </span>
      <Time at={row.created_at} />
    </li>
  );
}

/** Loaded when it is opened: nobody else needs a receiver's cryptography. */
function VerifyTool({ webhook }: { readonly webhook: ShownWebhook }) {
  const { path, query, route } = useLocation();
  const isOpen = query["tool"] === "verify";
  const open = (): void => route(withQuery(path, { ...query, tool: isOpen ? null : "verify" }));
  return (
    <section class="card">
      <h2>Why does the receiver refuse it?</h2>
      <p class="muted">
        Paste a request to the byte, and the receiver's secret. The check runs in this browser; nothing is
        sent or kept.
      </p>
      <p>
        <button type="button" aria-expanded={isOpen} onClick={open}>
          {isOpen ? "Close the check" : "Check a signature"}
        </button>
      </p>
      {isOpen && <LoadedTool webhook={webhook} />}
    </section>
  );
}

function LoadedTool({ webhook }: { readonly webhook: ShownWebhook }) {
  const asked = useAsked("verify", () => import("./verify-signature.tsx"));
  return (
    <Shown asked={asked} what="the check">
      {({ VerifySignature }) => <VerifySignature webhook={webhook} />}
    </Shown>
  );
}
