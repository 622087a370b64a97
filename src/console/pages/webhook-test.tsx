/** A test of one webhook: an event of no one else's, sent now, and the whole exchange as it was. */
import { useState } from "preact/hooks";
import type { TestInJson } from "../../api/routes/test-and-explain.ts";
import { ask, Problem } from "../api.ts";
import { Fact } from "../facts.tsx";
import { type Field, type Given, textIn, wholeTextIn } from "../fields.tsx";
import { FieldForm, useSubmission } from "../form-act.tsx";
import { JsonView } from "../json-view.tsx";
import { api } from "../places.ts";
import { may } from "../session.ts";
import { plural, State } from "../words.tsx";

const FIELDS: readonly Field[] = [
  {
    name: "type",
    title: "Type",
    placeholder: "webhook.test",
    hint: "A known type has an example of its data.",
  },
  {
    name: "data",
    title: "Data",
    kind: "area",
    placeholder: "the type's example, or {}",
    hint: "JSON, sent as it is written here.",
  },
];

export function WebhookTest({ id }: { readonly id: string }) {
  const [exchange, setExchange] = useState<TestInJson | null>(null);
  const send = (given: Given) =>
    ask<TestInJson>(api("webhooks", id, "test"), { method: "POST", body: testBody(given) });
  const { submit, problem, isRunning } = useSubmission(send, setExchange);
  const isAllowed = may("admin");
  return (
    <section class="card">
      <h2>Test</h2>
      <details>
        <summary>Send a test and see the whole exchange</summary>
        <FieldForm
          fields={FIELDS}
          problem={problem}
          submit={submit}
          intro={<p class="muted">It is no attempt: nothing counts it, and nothing is tried again.</p>}
        >
          <p>
            <button
              type="submit"
              class="primary"
              disabled={!isAllowed || isRunning}
              title={isAllowed ? undefined : "needs a key with the role admin"}
            >
              {isRunning ? "Sending …" : "Send a test"}
            </button>
          </p>
        </FieldForm>
        {exchange !== null && <Exchange exchange={exchange} />}
      </details>
    </section>
  );
}

/** The data's text goes as it is: what is parsed and written again loses bytes. Throws a Problem. */
function testBody(given: Given): string {
  const [type, data] = [textIn(given, "type"), wholeTextIn(given, "data")];
  if (data.trim() !== "" && !isJson(data)) {
    const detail = "expected JSON";
    throw new Problem({
      code: "REQUEST_INVALID",
      expected: "JSON as data",
      got: "something else",
      remedy: "correct it",
      flaws: [{ pointer: "#/data", detail }],
    });
  }
  const members = [
    ...(type === "" ? [] : [`"type":${JSON.stringify(type)}`]),
    ...(data.trim() === "" ? [] : [`"data":${data}`]),
  ];
  return `{${members.join(",")}}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function Exchange({ exchange }: { readonly exchange: TestInJson }) {
  const { request, response, timings, outcome, reason, detail, hints } = exchange;
  const spans = Object.entries(timings).flatMap(([name, ms]) =>
    ms === null ? [] : [[SPANS[name] ?? name, ms] as const],
  );
  return (
    <div class="exchange" role="status">
      <p>
        <State word={outcome} /> {reason} {detail !== null && detail !== reason && detail}
      </p>
      {hints.length > 0 && (
        <ul>
          {hints.map((hint) => (
            <li key={hint}>{hint}</li>
          ))}
        </ul>
      )}
      <dl class="facts">
        {spans.map(([name, ms]) => (
          <Fact key={name} name={name}>
            {ms.toFixed(1)} ms
          </Fact>
        ))}
      </dl>
      <h3>Request</h3>
      <Head first={`${request.method} ${request.url}`} headers={request.headers} what="request" />
      <JsonView text={request.body} what="body" />
      <h3>Answer</h3>
      {response === null ? (
        <p class="muted">There was none.</p>
      ) : (
        <>
          <Head first={`HTTP ${response.status}`} headers={response.headers} what="answer" />
          {response.body_excerpt === "" ? (
            <p class="muted">Without a body.</p>
          ) : (
            <JsonView text={response.body_excerpt} what="body, its beginning" />
          )}
        </>
      )}
    </div>
  );
}

const SPANS: Readonly<Record<string, string>> = {
  dns_ms: "Name found in",
  connect_ms: "Connected in",
  tls_ms: "TLS in",
  first_byte_ms: "First byte after",
  total_ms: "In all",
};

function Head({
  first,
  headers,
  what,
}: {
  readonly first: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly what: string;
}) {
  const names = Object.entries(headers);
  return (
    <figure class="json">
      <figcaption>
        {what}, {plural(names.length, "header")}
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>
        {first}
        {names.map(([name, value]) => (
          <span key={name}>
            {"\n"}
            <span class="name">{name}</span>: {value}
          </span>
        ))}
      </pre>
    </figure>
  );
}
