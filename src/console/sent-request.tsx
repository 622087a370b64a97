/** The request that an endpoint would get, without what is secret in it, and as commands to be copied. */
import type { ExplanationInJson } from "../api/routes/test-and-explain.ts";
import type { ShownWebhook } from "../api/webhook-fields.ts";
import { CopyButton } from "./copy-button.tsx";
import { certifyOf, curlOf } from "./curl.ts";

export function SentRequest({
  request,
  webhook,
}: {
  readonly request: NonNullable<ExplanationInJson["request"]>;
  /** Null for a receiver that is none of the registered. */
  readonly webhook: ShownWebhook | null;
}) {
  return (
    <>
      <details>
        <summary>The request that would be sent now</summary>
        <p class="request-line">
          <code>
            {request.method} {request.url}
          </code>
        </p>
        <dl class="headers">
          {Object.entries(request.headers).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </details>
      <p class="copies">
        <CopyButton text={curlOf(request)} what="the command of curl" label="Copy as curl" shortcut="c" />
        {webhook !== null && (
          <CopyButton
            text={certifyOf(request.url, webhook)}
            what="the command that certifies its receiver"
            label="Copy as hookwave certify"
          />
        )}
      </p>
    </>
  );
}
