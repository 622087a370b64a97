/** Acts on one webhook: change it, give it a new secret, switch it off and on, remove it. */
import { useLocation } from "preact-iso/router";
import type { EnabledWebhook } from "../../api/routes/webhooks.ts";
import type { MadeWebhook, ShownWebhook } from "../../api/webhook-fields.ts";
import { parseDurationMs } from "../../core/duration.ts";
import { ask } from "../api.ts";
import { type Field, type Given, textIn } from "../fields.tsx";
import { FormAct } from "../form-act.tsx";
import { api, page, withQuery } from "../places.ts";
import { SecretOnce } from "../secret-once.tsx";
import { plural, Time } from "../words.tsx";
import { changesIn, fieldsOf } from "./webhook-changes.ts";

interface Props {
  readonly webhook: ShownWebhook;
  readonly again: () => void;
}

export function WebhookActs({ webhook, again }: Props) {
  const { id } = webhook;
  const edit = async (given: Given) => {
    const changes = changesIn(given, webhook);
    const names = Object.keys(changes);
    if (names.length === 0) return { news: "Nothing was changed" };
    await ask(api("webhooks", id), { method: "PATCH", body: changes });
    again();
    return { news: `Changed ${names.join(", ")} of ${id}` };
  };
  return (
    <div class="acts">
      <FormAct label="Edit" needs="admin" fields={fieldsOf(webhook)} run={edit} />
      <Rotate webhook={webhook} again={again} />
      <Disable webhook={webhook} again={again} />
      <Enable webhook={webhook} again={again} />
      <Remove id={id} />
    </div>
  );
}

const GRACE: readonly Field[] = [
  {
    name: "grace_seconds",
    title: "The old secret signs for",
    value: "24h",
    hint: "0s to 7d. Until then every request has both signatures, so that the receiver may move when it likes.",
  },
  {
    name: "secret",
    title: "New secret",
    kind: "secret",
    placeholder: "generated",
    hint: "Only where the receiver has one already.",
  },
];

/** As the field has it where it is none, for the service to say so. */
const secondsOf = (text: string): number | string => {
  const spanMs = parseDurationMs(text);
  return spanMs === null ? text : spanMs / 1_000;
};

function Rotate({ webhook: { id }, again }: Props) {
  const rotate = async (given: Given) => {
    const secret = textIn(given, "secret");
    const made = await ask<MadeWebhook>(api("webhooks", id, "rotate-secret"), {
      method: "POST",
      body: {
        grace_seconds: secondsOf(textIn(given, "grace_seconds")),
        ...(secret !== "" && { secret }),
      },
    });
    again();
    const [, ...older] = made.secrets;
    return {
      shown: (
        <SecretOnce secret={made.secret} what="new secret">
          {older.map(({ expires_at: end }) => (
            <p key={end}>
              The one before it is valid until <Time at={end} />.
            </p>
          ))}
        </SecretOnce>
      ),
    };
  };
  return <FormAct label="Rotate secret" needs="admin" fields={GRACE} run={rotate} />;
}

const MISSED: readonly Field[] = [
  {
    name: "replay",
    title: "Of what it has missed",
    kind: "choice",
    choices: [
      ["no", "send nothing again now; say how much it is"],
      ["yes", "send all of it again, as a replay"],
    ],
    hint: "Deliveries that were given up since it failed, or was switched off. What was published while it was off was never owed to it.",
  },
];

function Enable({ webhook: { id, is_active: isActive }, again }: Props) {
  const enable = async (given: Given) => {
    const enabled = await ask<EnabledWebhook>(api("webhooks", id, "enable"), {
      method: "POST",
      body: { replay: textIn(given, "replay") === "yes" },
    });
    again();
    const { missed, replay } = enabled;
    if (missed.count === 0) return { news: `${id} is delivered to again; it has missed nothing` };
    return { shown: <Missed id={id} missed={missed} replay={replay} /> };
  };
  return <FormAct label="Enable" needs="admin" isMain isOffered={!isActive} fields={MISSED} run={enable} />;
}

function Missed({ id, missed: { count, since }, replay }: Pick<EnabledWebhook, "id" | "missed" | "replay">) {
  return (
    <>
      <p>
        It is delivered to again. {plural(count, "delivery was", "deliveries were")} given up since{" "}
        <Time at={since} />.
      </p>
      {replay === null ? (
        <p>
          They are <a href={withQuery(page("dead-letters"), { endpoint: id })}>dead letters</a>, to be sent
          again from there, or with <code>hookwave endpoints enable {id} --replay</code>.
        </p>
      ) : (
        <p>
          They are being sent again: <a href={page("replays", replay.id)}>the replay</a>.
        </p>
      )}
    </>
  );
}

const BECAUSE: readonly Field[] = [
  {
    name: "because",
    title: "Because",
    placeholder: "maintenance until Monday",
    hint: "For whoever lists it.",
  },
];

function Disable({ webhook: { id, is_active: isActive }, again }: Props) {
  const disable = async (given: Given) => {
    await ask(api("webhooks", id, "disable"), {
      method: "POST",
      body: { because: textIn(given, "because") || null },
    });
    again();
    return { news: `Nothing is delivered to ${id} any more` };
  };
  const intro = <p>Nothing is delivered to it until it is enabled. What waits becomes dead letters.</p>;
  return (
    <FormAct
      label="Disable"
      needs="admin"
      isDangerous
      isOffered={isActive}
      intro={intro}
      fields={BECAUSE}
      run={disable}
    />
  );
}

function Remove({ id }: { readonly id: string }) {
  const { route } = useLocation();
  const fields: readonly Field[] = [
    { name: "id", title: "Its id, to be sure", exactly: id, placeholder: id, hint: `Type ${id}` },
  ];
  const remove = async () => {
    await ask(api("webhooks", id), { method: "DELETE" });
    route(page("webhooks"));
    return { news: `Removed ${id}` };
  };
  const intro = (
    <p>
      This cannot be taken back: its secrets and its log go. What is still owed to it becomes dead letters.
    </p>
  );
  return <FormAct label="Remove" needs="admin" isDangerous intro={intro} fields={fields} run={remove} />;
}
