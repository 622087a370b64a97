/**
 * Why does a receiver refuse a request? The receiver's own diagnosis, in this browser, by its WebCrypto: the secret is in
 * the form alone, and goes nowhere.
 */
import { useState } from "preact/hooks";
import type { ShownWebhook } from "../../api/webhook-fields.ts";
import { SIGNED_CONTENTS } from "../../core/endpoint.ts";
import { type Diagnosis, diagnose } from "../../receiver/diagnose.ts";
import { receivingProfileNames } from "../../receiver/profiles.ts";
import { Problem } from "../api.ts";
import { now } from "../clock.ts";
import { Fact } from "../facts.tsx";
import { type Field, type Given, textIn, wholeTextIn } from "../fields.tsx";
import { FieldForm, useSubmission } from "../form-act.tsx";
import { State } from "../words.tsx";

type Agreed = Pick<ShownWebhook, "profile" | "signature_header" | "signed_content" | "url">;

const fieldsFor = (webhook: Agreed): readonly Field[] => [
  {
    name: "headers",
    title: "Headers",
    kind: "area",
    isRequired: true,
    placeholder: "webhook-id: evt_1\nwebhook-timestamp: 1767225600\nwebhook-signature: v1,…",
    hint: "As they arrived, one on each line.",
  },
  { name: "body", title: "Body", kind: "area", hint: "As it arrived, to the character." },
  {
    name: "file",
    title: "Body, as a file",
    kind: "file",
    hint: "Instead, where bytes matter that a text field changes: line breaks as CR LF, a BOM. It is read here and sent nowhere.",
  },
  {
    name: "secret",
    title: "Secret",
    kind: "secret",
    isRequired: true,
    hint: "As the receiver has it. It stays in this form.",
  },
  {
    name: "profile",
    title: "Profile",
    kind: "choice",
    value: webhook.profile,
    choices: receivingProfileNames().map((name) => [name, name]),
  },
  ...(webhook.profile === "ai-core" ? [urlField(webhook)] : []),
  ...(webhook.profile === "hmac" ? [contentField(webhook)] : []),
];

const urlField = ({ url }: Agreed): Field => ({
  name: "url",
  title: "URL",
  value: url,
  hint: "As the sender knows it: ai-core signs it.",
});

const contentField = ({ signed_content: value }: Agreed): Field => ({
  name: "signed_content",
  title: "Signed",
  kind: "choice",
  value,
  choices: SIGNED_CONTENTS.map((one) => [one, one]),
});

export function VerifySignature({ webhook }: { readonly webhook: Agreed }) {
  const [diagnosis, setDiagnosis] = useState<Diagnosis | null>(null);
  const { submit, problem, isRunning } = useSubmission((given) => diagnosed(given, webhook), setDiagnosis);
  return (
    <>
      <FieldForm fields={fieldsFor(webhook)} problem={problem} submit={submit}>
        <p>
          <button type="submit" class="primary" disabled={isRunning}>
            Check it
          </button>
        </p>
      </FieldForm>
      {diagnosis !== null && <Verdict diagnosis={diagnosis} />}
    </>
  );
}

async function diagnosed(given: Given, webhook: Agreed): Promise<Diagnosis> {
  const profile = receivingProfileNames().find((name) => name === textIn(given, "profile")) ?? "standard";
  return await diagnose(
    {
      method: "POST",
      url: textIn(given, "url") || webhook.url,
      headers: headersIn(wholeTextIn(given, "headers")),
      body: await bodyIn(given),
    },
    {
      profile,
      secrets: [wholeTextIn(given, "secret")],
      signatureHeader: webhook.signature_header ?? undefined,
      signedContent: SIGNED_CONTENTS.find((one) => one === textIn(given, "signed_content")),
    },
    now(),
  );
}

async function bodyIn(given: Given): Promise<Uint8Array> {
  const file = given.get("file");
  if (file instanceof File && file.size > 0) return new Uint8Array(await file.arrayBuffer());
  // A form's data has CR LF wherever the field has a line break; what was pasted had LF far more often.
  return new TextEncoder().encode(wholeTextIn(given, "body").replaceAll("\r\n", "\n"));
}

const REQUEST_LINE = /^[A-Z]{1,20} \S+(?: HTTP\/\d(?:\.\d)?)?$|^HTTP\/\d/;
const HEADER_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/;

/** A request line in front is left out. Throws a Problem. */
function headersIn(text: string): readonly (readonly [string, string])[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  return lines
    .filter((line, at) => at > 0 || !REQUEST_LINE.test(line))
    .map((line) => {
      const [, name, value] = HEADER_LINE.exec(line) ?? [];
      if (name !== undefined && value !== undefined) return [name, value];
      const expected = "headers as `Name: value`, one on each line";
      throw new Problem({
        code: "REQUEST_INVALID",
        expected,
        got: "another line",
        remedy: "paste them as they arrived",
        flaws: [{ pointer: "#/headers", detail: `expected ${expected}` }],
      });
    });
}

function Verdict({ diagnosis }: { readonly diagnosis: Diagnosis }) {
  if (diagnosis.kind === "valid") {
    const { id, type, timestamp } = diagnosis.event;
    return (
      <div role="status">
        <p>
          <State word="valid" /> The receiver accepts it.
        </p>
        <dl class="facts">
          <Fact name="Event">
            <span class="id">{id}</span>
          </Fact>
          <Fact name="Type">{type}</Fact>
          <Fact name="Time">{timestamp}</Fact>
        </dl>
      </div>
    );
  }
  const { code, status, complaint, advice, remedy } = diagnosis;
  return (
    <div role="status">
      <p>
        <State word="invalid" /> <strong>{code}</strong>, which a receiver answers with HTTP {status}:{" "}
        {complaint}.
      </p>
      <ul>
        {advice.map((found) => (
          <li key={found}>Found: {found}.</li>
        ))}
        <li>To do: {remedy}.</li>
      </ul>
    </div>
  );
}
