/** The dialog that adds a webhook, and shows its secret this once. */
import type { MadeWebhook } from "../../api/webhook-fields.ts";
import { PROFILE_NAMES } from "../../core/endpoint.ts";
import { ask } from "../api.ts";
import { type Field, type Given, listIn, textIn } from "../fields.tsx";
import { FormAct } from "../form-act.tsx";
import { api, page } from "../places.ts";
import { SecretOnce } from "../secret-once.tsx";

const FIELDS: readonly Field[] = [
  {
    name: "url",
    title: "URL",
    isRequired: true,
    placeholder: "https://example.com/hook",
    hint: "Where events are sent. Names that lead into a private network are refused.",
  },
  {
    name: "events",
    title: "Events",
    value: "*",
    hint: "Types or families such as job.*, with commas between; * is all of them.",
  },
  {
    name: "profile",
    title: "Profile",
    kind: "choice",
    choices: PROFILE_NAMES.map((name) => [name, name]),
    hint: "The body and signature that the receiver wants.",
  },
  { name: "description", title: "Description", hint: "A note for people." },
  {
    name: "id",
    title: "Id",
    placeholder: "generated",
    hint: "Its name in the API, logs and metrics. Letters, digits, _ and -.",
  },
  {
    name: "secret",
    title: "Secret",
    kind: "secret",
    placeholder: "generated",
    hint: "Only where the receiver has one already.",
  },
];

export function AddWebhook({ added }: { readonly added: () => void }) {
  const add = async (given: Given) => {
    const [id, secret, description] = ["id", "secret", "description"].map((name) => textIn(given, name));
    const made = await ask<MadeWebhook>(api("webhooks"), {
      method: "POST",
      body: {
        url: textIn(given, "url"),
        events: listIn(given, "events"),
        profile: textIn(given, "profile"),
        ...(description && { description }),
        ...(id && { id }),
        ...(secret && { secret }),
      },
    });
    added();
    return { shown: <Made webhook={made} /> };
  };
  return <FormAct label="Add a webhook" needs="admin" isMain fields={FIELDS} run={add} />;
}

function Made({ webhook: { id, secret } }: { readonly webhook: MadeWebhook }) {
  return (
    <SecretOnce secret={secret} what="secret">
      <p>
        Give it to the receiver, which verifies with it. Then look at{" "}
        <a class="id" href={page("webhooks", id)}>
          {id}
        </a>{" "}
        and send it a test.
      </p>
    </SecretOnce>
  );
}
