/** Endpoints that do not get what they are owed: since when, and how their last attempt went. */
import type { EndpointHealth } from "../../api/routes/health.ts";
import type { LogRow } from "../../api/webhook-log-fields.ts";
import type { Page } from "../../core/page.ts";
import { useAnswer } from "../answers.tsx";
import { api, page, withQuery } from "../places.ts";
import { Ago, count, Id, plural, State } from "../words.tsx";
import type { KnownHealth } from "./known-health.ts";

const SHOWN_MAX = 8;
/** Rows of others: a page of its own has all of them. */
const WAITING_MAX = 5;
const POLL_MS = 15_000;

const isInTrouble = ({ is_active: isActive, breaker, failing_since: since }: EndpointHealth): boolean =>
  isActive && (breaker !== "closed" || since !== null);

export function Troubles({ health: { endpoints, isAll } }: { readonly health: KnownHealth }) {
  const troubled = endpoints
    .filter(isInTrouble)
    .sort((one, other) => (one.failing_since ?? "~").localeCompare(other.failing_since ?? "~"));
  const waiting = endpoints
    .filter((one) => one.waiting > 0 && !isInTrouble(one))
    .sort((one, other) => other.waiting - one.waiting);
  return (
    <section class="card" aria-label="Endpoints">
      <h2>Failing endpoints</h2>
      {troubled.length === 0 && <p class="muted">None: {wellOff(endpoints.length, isAll)}.</p>}
      <ul class="plain lines">
        {troubled.slice(0, SHOWN_MAX).map((endpoint) => (
          <Troubled key={endpoint.id} endpoint={endpoint} />
        ))}
      </ul>
      {troubled.length > SHOWN_MAX && <p class="muted">and {count(troubled.length - SHOWN_MAX)} more</p>}
      {!isAll && <p class="muted">Of the first {count(endpoints.length)} endpoints.</p>}
      {waiting.length > 0 && <h3>Others with deliveries that wait</h3>}
      <ul class="plain lines">
        {waiting.slice(0, WAITING_MAX).map(({ id, waiting: deliveries }) => (
          <li key={id}>
            <Id id={id} href={page("webhooks", id)} />
            <span class="muted">{plural(deliveries, "delivery waits", "deliveries wait")}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function wellOff(endpoints: number, isAll: boolean): string {
  if (endpoints === 0) return "there is no endpoint yet; hookwave endpoints add <url> makes one";
  return isAll ? `${plural(endpoints, "endpoint")}, and none of them fails` : "none of them fails";
}

function Troubled({ endpoint }: { readonly endpoint: EndpointHealth }) {
  const { id, breaker, failing_since: since, waiting } = endpoint;
  const logs = useAnswer<Page<LogRow>>(withQuery(api("webhooks", id, "logs"), { limit: 1 }), POLL_MS);
  const why = logs.value?.data[0]?.error_message ?? null;
  return (
    <li>
      <State
        word={breaker === "closed" ? "failing" : breaker}
        text={breaker === "closed" ? "failing" : `breaker ${breaker.replace("_", " ")}`}
      />
      <Id id={id} href={page("webhooks", id)} />
      {why !== null && <span>{why}</span>}
      <span class="muted">
        {since !== null && (
          <>
            began to fail <Ago at={since} />
          </>
        )}
        {waiting > 0 && <> · {plural(waiting, "delivery waits", "deliveries wait")}</>}
      </span>
    </li>
  );
}
