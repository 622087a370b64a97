/** One callback, as it came: its signature, its headers, its body, and the ways on from here. */
import { useEffect } from "preact/hooks";
import type { ShownCallback, ShownWholeCallback } from "../../api/callback-fields.ts";
import { Act } from "../act.tsx";
import { Shown, useAnswer } from "../answers.tsx";
import { ask } from "../api.ts";
import { CopyButton } from "../copy-button.tsx";
import { Floating } from "../floating.tsx";
import { JsonView } from "../json-view.tsx";
import { api, page } from "../places.ts";
import { may } from "../session.ts";
import { toast } from "../toasts.tsx";
import { count, State, Time } from "../words.tsx";

const SHIELDS: Readonly<Record<ShownCallback["signature"], string>> = {
  valid: "✓ valid",
  invalid: "✗ invalid",
  unsigned: "! unsigned",
};

export function Shield({ signature }: Pick<ShownCallback, "signature">) {
  return <State word={signature} text={SHIELDS[signature]} />;
}

export function OneCallback({
  id,
  close,
  changed,
}: {
  readonly id: string;
  readonly close: () => void;
  /** A list that shows it is to read again. */
  readonly changed: () => void;
}) {
  const asked = useAnswer<ShownWholeCallback>(api("callbacks", id));
  const isNew = asked.value?.seen_at === null;
  useEffect(() => {
    if (!isNew || !may("admin")) return;
    ask(api("callbacks", id, "seen"), { method: "POST" })
      .then(changed)
      .catch((error: unknown) => toast(String(error), "bad"));
  }, [id, isNew]);
  return (
    <Floating title={asked.value?.callback_id ?? id} close={close}>
      <Shown asked={asked} what="the callback">
        {(callback) => (
          <>
            <Facts callback={callback} />
            <Body callback={callback} />
            <details>
              <summary>Headers</summary>
              <dl class="facts">
                {Object.entries(callback.headers).map(([name, value]) => (
                  <div key={name}>
                    <dt>{name}</dt>
                    <dd class="id">{value}</dd>
                  </div>
                ))}
              </dl>
            </details>
            <p class="acts">
              <CopyButton text={new URL(page("callbacks", id), location.href).href} what="the link" />
              <Unsee id={id} again={changed} />
              <Forward id={id} again={asked.again} />
            </p>
          </>
        )}
      </Shown>
    </Floating>
  );
}

function Facts({ callback }: { readonly callback: ShownWholeCallback }) {
  const { signature, reason, code, source, type, received_at: at, last_received_at: last, copies } = callback;
  return (
    <>
      <dl class="facts">
        <div>
          <dt>Signature</dt>
          <dd>
            <Shield signature={signature} />
          </dd>
        </div>
        <div>
          <dt>Source</dt>
          <dd>{source}</dd>
        </div>
        <div>
          <dt>Type</dt>
          <dd>{type ?? "–"}</dd>
        </div>
        <div>
          <dt>Came</dt>
          <dd>
            <Time at={at} />
          </dd>
        </div>
        <div>
          <dt>Copies</dt>
          <dd>
            {count(copies)}
            {copies > 1 && (
              <>
                , the last <Time at={last} />
              </>
            )}
          </dd>
        </div>
      </dl>
      {code !== null && (
        <p class={signature === "invalid" ? "banner" : "banner warn"}>
          <strong>{code}</strong>: {reason}
        </p>
      )}
    </>
  );
}

function Body({
  callback: { body, body_encoding: encoding, is_truncated: isCut, body_bytes: bytes },
}: {
  readonly callback: ShownWholeCallback;
}) {
  const kind = encoding === "base64" ? "body, which is no text: base64" : "body";
  return (
    <JsonView
      text={body}
      what={`${kind}, ${count(bytes)} bytes${isCut ? ", the first 16 KiB are kept" : ""}`}
    />
  );
}

function Unsee({ id, again }: { readonly id: string; readonly again: () => void }) {
  return (
    <Act
      needs="admin"
      label="Mark as new"
      confirm={null}
      run={async () => {
        await ask(api("callbacks", id, "seen"), { method: "POST", body: { seen: false } });
        again();
        return "Marked as not seen";
      }}
    />
  );
}

function Forward({ id, again }: { readonly id: string; readonly again: () => void }) {
  return (
    <Act
      needs="admin"
      label="Forward as an event"
      shortcut="r"
      confirm="Publish its body as an event, to all endpoints that cover it?"
      run={async () => {
        const sent = await ask<{ event_id: string; type: string }>(api("callbacks", id, "forward"), {
          method: "POST",
        });
        again();
        toast(`Published as ${sent.event_id}`, "good", page("events", sent.event_id));
        return `Its type is ${sent.type}`;
      }}
    />
  );
}
