/** API keys: which there are, a dialog that makes one and shows its token this once, and an end to each. */
import type { MadeKey, ShownKey } from "../../api/routes/keys.ts";
import { ROLES } from "../../core/access.ts";
import { Act } from "../act.tsx";
import { useList } from "../answers.tsx";
import { ask } from "../api.ts";
import { type Column, DataTable } from "../data-table.tsx";
import { type Field, type Given, textIn } from "../fields.tsx";
import { FormAct } from "../form-act.tsx";
import { api, page, withQuery } from "../places.ts";
import { SecretOnce } from "../secret-once.tsx";
import { session } from "../session.ts";
import { Id, Time } from "../words.tsx";
import { SettingsFrame } from "./settings-frame.tsx";

const FIELDS: readonly Field[] = [
  { name: "name", title: "Name", isRequired: true, placeholder: "ann", hint: "Whose it is, for people." },
  {
    name: "roles",
    title: "Roles",
    kind: "several",
    value: "read",
    choices: [
      ["publish", "publish: send events"],
      ["read", "read: see everything"],
      ["admin", "admin: everything, changes too"],
    ],
  },
];

const historyOf = (id: string): string => withQuery(page("settings", "audit"), { by: id });

export function Keys() {
  const list = useList<ShownKey>(api("keys"), {});
  const make = async (given: Given) => {
    const roles = ROLES.filter((role) => given.getAll("roles").includes(role));
    const body = { name: textIn(given, "name"), roles };
    const made = await ask<MadeKey>(api("keys"), { method: "POST", body });
    list.again();
    return {
      shown: (
        <SecretOnce secret={made.token} what="token">
          <p>
            Give it to {made.name}, for the header <code>authorization: Bearer …</code>, or to sign in here.
            Its id is <span class="id">{made.id}</span>.
          </p>
        </SecretOnce>
      ),
    };
  };
  return (
    <SettingsFrame acts={<FormAct label="Make a key" needs="admin" isMain fields={FIELDS} run={make} />}>
      <DataTable
        what="API keys"
        list={list}
        columns={columnsWith(list.again)}
        id={({ id }) => id}
        href={({ id }) => historyOf(id)}
        empty={
          <>
            There is none: on this machine nobody needs one, and nobody else gets in. Make one above, or with{" "}
            <code>hookwave keys create ana --role admin</code>; from then on everybody needs one.
          </>
        }
      />
    </SettingsFrame>
  );
}

const columnsWith = (again: () => void): readonly Column<ShownKey>[] => [
  { title: "Name", width: "minmax(0, 1.5fr)", cell: ({ name }) => name },
  { title: "Id", width: "minmax(0, 1.5fr)", cell: ({ id }) => <Id id={id} href={historyOf(id)} /> },
  { title: "Roles", width: "minmax(0, 1fr)", cell: ({ roles }) => roles.join(", ") },
  { title: "Created", width: "minmax(0, 1fr)", cell: ({ created_at: at }) => <Time at={at} /> },
  { title: "Acts", width: "7rem", cell: (key) => <Revoke shown={key} again={again} /> },
];

function Revoke({ shown: { id, name }, again }: { readonly shown: ShownKey; readonly again: () => void }) {
  const isOwn = session.value?.by?.key_id === id;
  const revoke = async () => {
    await ask(api("keys", id), { method: "DELETE" });
    again();
    return `Revoked the key of ${name}`;
  };
  return (
    <Act
      label="Revoke"
      needs="admin"
      isDangerous
      confirm={`Revoke ${id} of ${name}? Whoever has it is refused from now on, and its sessions end.${isOwn ? " It is the one that you are signed in with." : ""}`}
      run={revoke}
    />
  );
}
