/**
 * Publishing an edited copy of an event: an event of its own, of the same type, whose id says that it is one. Text that is no JSON
 * goes to the service as well, whose refusal is shown as it is.
 */
import { useState } from "preact/hooks";
import { isJsonText } from "../core/json-text.ts";
import { Refused } from "./answers.tsx";
import { ask, Problem } from "./api.ts";
import { now } from "./clock.ts";
import { indentedText } from "./compared.tsx";
import { Modal } from "./modal.tsx";
import { eventBody, type ShownEvent } from "./one-event.ts";
import { api, page, withQuery } from "./places.ts";
import { may } from "./session.ts";
import { toast } from "./toasts.tsx";

const ID_MAX_CHARS = 64;
const RADIX = 36;

/** `<id>_edited_<when>`, short enough for an id. */
function idOfCopy(id: string, nowMs: number): string {
  const mark = `_edited_${nowMs.toString(RADIX)}`;
  return id.replace(/_edited_[0-9a-z]+$/, "").slice(0, ID_MAX_CHARS - mark.length) + mark;
}

export function EditedCopy({ event }: { readonly event: ShownEvent }) {
  const [isOpen, setOpen] = useState(false);
  const isAllowed = may("publish");
  return (
    <>
      <button
        type="button"
        disabled={!isAllowed}
        title={isAllowed ? undefined : "needs a key with the role publish"}
        onClick={() => setOpen(true)}
      >
        Publish an edited copy
      </button>
      {isOpen && <CopyForm event={event} close={() => setOpen(false)} />}
    </>
  );
}

function CopyForm({ event, close }: { readonly event: ShownEvent; readonly close: () => void }) {
  const [id] = useState(() => idOfCopy(event.id, now()));
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isRunning, setRunning] = useState(false);
  const publish = async (form: HTMLFormElement): Promise<void> => {
    const dataText = String(new FormData(form).get("data") ?? "");
    setRunning(true);
    setProblem(null);
    try {
      // Within an event it might come out as members of that: alone, it is refused as the text that it is.
      const body = isJsonText(dataText) ? eventBody({ id, type: event.type, dataText }) : dataText;
      await ask(api("events"), { method: "POST", body });
      toast(`Published as ${id}`, "good", withQuery(page("events", id), { against: event.id }));
      close();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
    } finally {
      setRunning(false);
    }
  };
  return (
    <Modal title="Publish an edited copy" close={close}>
      <p>
        It is an event of its own, of the type {event.type}, for everybody who subscribes to that. Its id will
        be <span class="id">{id}</span>.
      </p>
      <form
        onSubmit={(submitted) => {
          submitted.preventDefault();
          void publish(submitted.currentTarget);
        }}
      >
        <label for="copy-data">Its data (JSON)</label>
        <textarea
          id="copy-data"
          name="data"
          rows={14}
          spellcheck={false}
          defaultValue={indentedText(event.dataText)}
        />
        {problem !== null && <Refused problem={problem} />}
        <p class="acts">
          <button type="button" onClick={close}>
            Not now
          </button>
          <button type="submit" class="primary" disabled={isRunning}>
            Publish the copy
          </button>
        </p>
      </form>
    </Modal>
  );
}
