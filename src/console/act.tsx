/** An act: a button, asked about once more where it cannot be taken back, that says what came of it. */
import { useState } from "preact/hooks";
import type { Role } from "../core/access.ts";
import { Refused } from "./answers.tsx";
import { Problem } from "./api.ts";
import { useKeys } from "./keyboard.ts";
import { Modal } from "./modal.tsx";
import { may } from "./session.ts";
import { toast } from "./toasts.tsx";

interface Props {
  readonly label: string;
  readonly needs: Role;
  /** The question; null for an act that may be done again or taken back. */
  readonly confirm: string | null;
  /** Resolves with what came of it, in words. */
  readonly run: () => Promise<string>;
  readonly shortcut?: string;
  readonly isDangerous?: boolean;
}

export function Act({ label, needs, confirm, run, shortcut, isDangerous = false }: Props) {
  const [isAsked, setAsked] = useState(false);
  const [isRunning, setRunning] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const isAllowed = may(needs);
  const act = async (): Promise<void> => {
    setRunning(true);
    setProblem(null);
    try {
      toast(await run(), "good");
      setAsked(false);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
      setAsked(true);
    } finally {
      setRunning(false);
    }
  };
  const begin = (): void => (confirm === null ? void act() : setAsked(true));
  useKeys(shortcut === undefined || !isAllowed ? {} : { [shortcut]: begin });
  return (
    <>
      <button
        type="button"
        class={isDangerous ? "danger" : ""}
        disabled={!isAllowed || isRunning}
        title={isAllowed ? undefined : `needs a key with the role ${needs}`}
        onClick={begin}
      >
        {label}
      </button>
      {isAsked && (
        <Modal title={label} close={() => setAsked(false)}>
          {confirm !== null && <p>{confirm}</p>}
          {problem !== null && <Refused problem={problem} />}
          <p class="acts">
            <button type="button" onClick={() => setAsked(false)}>
              Not now
            </button>
            <button
              type="button"
              class={isDangerous ? "danger" : "primary"}
              disabled={isRunning}
              onClick={act}
            >
              {label}
            </button>
          </p>
        </Modal>
      )}
    </>
  );
}
