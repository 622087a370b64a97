/** The dialog that switches the phase of the migration, for the whole fleet. */
import type { ShownMigration } from "../../api/migration-fields.ts";
import { PHASES } from "../../core/migration.ts";
import { PHASE_MEANINGS } from "../../core/migration-words.ts";
import { ask } from "../api.ts";
import { type Field, type Given, textIn } from "../fields.tsx";
import { FormAct } from "../form-act.tsx";
import { api } from "../places.ts";

const fieldsOf = (shown: ShownMigration | null): readonly Field[] => [
  {
    name: "phase",
    title: "Phase",
    kind: "choice",
    ...(shown !== null && { value: shown.phase }),
    choices: PHASES.map((phase) => [phase, `${phase}: ${PHASE_MEANINGS[phase]}`]),
  },
  {
    name: "for",
    title: "For",
    placeholder: "for good",
    hint: "Such as 30m: then the phase that was set for good comes back by itself.",
  },
  { name: "reason", title: "Because", placeholder: "rehearsal", hint: "For the history." },
  {
    name: "percent",
    title: "Share by webhook, in per cent",
    placeholder: "as it is",
    hint: "Of dual and primary; the others go by the bus alone.",
  },
  {
    name: "backlog",
    title: "Webhooks that were kept",
    kind: "choice",
    choices: [
      ["", "nothing is said of them"],
      ["deliver", "deliver them"],
      ["discard", "discard them"],
    ],
    hint: "Has to be said where redis is left with some.",
  },
];

export function SwitchPhase({
  shown,
  again,
}: {
  readonly shown: ShownMigration | null;
  readonly again: () => void;
}) {
  const change = async (given: Given) => {
    const [span, reason, percent, backlog] = ["for", "reason", "percent", "backlog"].map((name) =>
      textIn(given, name),
    );
    const body = {
      phase: textIn(given, "phase"),
      ...(span && { for: span }),
      ...(reason && { reason }),
      ...(percent && { percent: /^\d+$/.test(percent) ? Number(percent) : percent }),
      ...(backlog && { backlog }),
    };
    const {
      phase,
      until,
      return_to: to,
    } = await ask<ShownMigration>(api("migration"), { method: "PUT", body });
    again();
    return { news: until === null ? `The phase is ${phase}` : `The phase is ${phase}, and ${to} comes back` };
  };
  const intro = <p>The whole fleet obeys within two seconds.</p>;
  return (
    <FormAct
      label="Switch the phase"
      needs="admin"
      isDangerous
      intro={intro}
      fields={fieldsOf(shown)}
      run={change}
    />
  );
}
