/**
 * An act that has to be told something: a button, a dialog with fields, and what came of it. What the service does not
 * like of a field stands beside that field; nothing that was written is lost by it.
 */
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import type { Role } from "../core/access.ts";
import { Refused } from "./answers.tsx";
import { Problem } from "./api.ts";
import { type Field, FieldRow, type Given, placed } from "./fields.tsx";
import { Modal } from "./modal.tsx";
import { may } from "./session.ts";
import { toast } from "./toasts.tsx";

/** Either is said in passing, and the dialog closes; or it stays, with what must be seen: a secret, say. */
type Result = { readonly news: string } | { readonly shown: ComponentChildren };

interface Props {
  readonly label: string;
  readonly needs: Role;
  readonly intro?: ComponentChildren;
  readonly fields: readonly Field[];
  /** Throws a Problem. */
  readonly run: (given: Given) => Promise<Result>;
  readonly isDangerous?: boolean;
  readonly isMain?: boolean;
  /** False where it is out of place now; a dialog that is open stays, with what it has to show. */
  readonly isOffered?: boolean;
}

export function FormAct(props: Props) {
  const { label, needs, isDangerous = false, isMain = false, isOffered = true } = props;
  const [isOpen, setOpen] = useState(false);
  const isAllowed = may(needs);
  return (
    <>
      {isOffered && (
        <button
          type="button"
          class={isDangerous ? "danger" : isMain ? "primary" : ""}
          disabled={!isAllowed}
          title={isAllowed ? undefined : `needs a key with the role ${needs}`}
          onClick={() => setOpen(true)}
        >
          {label}
        </button>
      )}
      {isOpen && <FormDialog {...props} close={() => setOpen(false)} />}
    </>
  );
}

function FormDialog({
  label,
  intro,
  fields,
  run,
  close,
  isDangerous = false,
}: Props & { readonly close: () => void }) {
  const [shown, setShown] = useState<ComponentChildren>(null);
  const { submit, problem, isRunning } = useSubmission(run, (result) => {
    if ("shown" in result) return setShown(result.shown);
    toast(result.news, "good");
    close();
  });
  if (shown !== null)
    return (
      <Modal title={label} close={close}>
        {shown}
        <p class="acts">
          <button type="button" class="primary" onClick={close}>
            Done
          </button>
        </p>
      </Modal>
    );
  return (
    <Modal title={label} close={close}>
      <FieldForm fields={fields} problem={problem} submit={submit} intro={intro}>
        <p class="acts">
          <button type="button" onClick={close}>
            Not now
          </button>
          <button type="submit" class={isDangerous ? "danger" : "primary"} disabled={isRunning}>
            {label}
          </button>
        </p>
      </FieldForm>
    </Modal>
  );
}

/** Runs at most one at a time; `problem` is what the last one was refused with. */
export function useSubmission<Outcome>(
  run: (given: Given) => Promise<Outcome>,
  done: (outcome: Outcome) => void,
) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isRunning, setRunning] = useState(false);
  const submit = async (given: Given): Promise<void> => {
    if (isRunning) return;
    setRunning(true);
    setProblem(null);
    try {
      done(await run(given));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
    } finally {
      setRunning(false);
    }
  };
  return { submit, problem, isRunning };
}

/** `children` are its buttons. */
export function FieldForm({
  fields,
  problem,
  submit,
  intro = null,
  children,
}: {
  readonly fields: readonly Field[];
  readonly problem: Problem | null;
  readonly submit: (given: Given) => Promise<void>;
  readonly intro?: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  const id = useId();
  const { beside, isAll } = placed(problem, fields);
  return (
    <form
      class="fields"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(new FormData(event.currentTarget));
      }}
    >
      {intro !== null && <div class="intro">{intro}</div>}
      {fields.map((field) => (
        <FieldRow key={field.name} field={field} id={`${id}-${field.name}`} flaw={beside.get(field.name)} />
      ))}
      {problem !== null && !isAll && <Refused problem={problem} />}
      {problem !== null && isAll && (
        <p class="refused" role="alert">
          {problem.code}: see what is said beside the fields.
        </p>
      )}
      {children}
    </form>
  );
}
