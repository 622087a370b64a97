/** A webhook's settings, in words and units. */
import type { ShownWebhook } from "../../api/webhook-fields.ts";
import { CopyButton } from "../copy-button.tsx";
import { Fact } from "../facts.tsx";
import { Ago, plural, Time } from "../words.tsx";

/** `100/60s`, as the command's option has it; empty for none. */
export const rateText = (rate: ShownWebhook["rate_limit"]): string =>
  rate === null ? "" : `${rate.count}/${rate.per_seconds}s`;

export function WebhookFacts({ webhook }: { readonly webhook: ShownWebhook }) {
  const { url, events, profile, further_profiles: further, description, metadata, headers } = webhook;
  const labels = Object.entries(metadata);
  return (
    <section class="card">
      <h2>Settings</h2>
      <dl class="facts">
        <Fact name="URL, as it is requested">
          {url} <CopyButton text={url} what="the URL" />
        </Fact>
        <Fact name="Events">{events.join(", ") || "none"}</Fact>
        <Fact name="Profile">{[profile, ...further].join(", and ")}</Fact>
        <Fact name="Description">{description || "–"}</Fact>
        <Limits webhook={webhook} />
        <Fact name="Own headers">{Object.keys(headers).join(", ") || "none"}</Fact>
        <Fact name="Labels">{labels.map(([name, value]) => `${name}=${value}`).join(", ") || "none"}</Fact>
        <Secrets webhook={webhook} />
        <Fact name="Created">
          <Time at={webhook.created_at} />
        </Fact>
        <Fact name="Changed">
          <Time at={webhook.updated_at} />
        </Fact>
      </dl>
    </section>
  );
}

function Limits({ webhook }: { readonly webhook: ShownWebhook }) {
  const {
    rate_limit: rate,
    timeout_seconds: timeout,
    max_in_flight: inFlight,
    retry_schedule: waits,
  } = webhook;
  return (
    <>
      <Fact name="Rate">{rate === null ? "as fast as it answers" : `at most ${rateText(rate)}`}</Fact>
      <Fact name="Deadline of an attempt">{timeout} s</Fact>
      <Fact name="Open POSTs per worker">{inFlight === null ? "adapts" : `up to ${inFlight}`}</Fact>
      <Fact name="Tries again after">{waits.length === 0 ? "never" : waits.join(", ")}</Fact>
    </>
  );
}

/** None is shown; only until when each signs. */
function Secrets({ webhook: { secrets, public_key: publicKey } }: { readonly webhook: ShownWebhook }) {
  const older = secrets.filter(({ expires_at: end }) => end !== null);
  return (
    <>
      <Fact name="Secrets">
        {plural(secrets.length, "that signs", "that sign")}
        {older.map(({ expires_at: end }) => (
          <span key={end}>
            , one until <Time at={end} /> (<Ago at={end} />)
          </span>
        ))}
      </Fact>
      {publicKey !== null && (
        <Fact name="Public key">
          <span class="id">{publicKey}</span> <CopyButton text={publicKey} what="the public key" />
        </Fact>
      )}
    </>
  );
}
