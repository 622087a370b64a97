/** The report of a command that is done, for people and for programs; and how its failure is said. */
import { HookwaveError, summarise } from "../core/errors.ts";
import { refusalByRedis } from "../core/redis-replies.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { Refused } from "./refused.ts";
import type { Shown } from "./table.ts";

export interface Report {
  /** Lines for people, without a last line break; empty when there is nothing to say. */
  readonly text: Shown;
  /** The same as one JSON document; undefined when there is nothing to say. */
  readonly json: unknown;
  readonly exitCode: number;
}

export function report(text: Shown, json: unknown): Report {
  return { text, json, exitCode: EXIT.ok };
}

/** For a command that has said everything while it ran. */
export const ended = (exitCode: number): Report => ({ text: "", json: undefined, exitCode });

/** An error in the form all ours have. Anything else is a bug: its name and message must do. */
export function failureReport(thrown: unknown): Report {
  const error = refusalByRedis(thrown) ?? thrown;
  const exitCode = exitCodeOf(error);
  if (error instanceof HookwaveError || error instanceof Refused) {
    const { code, expected, got, remedy } = error;
    const rows = [
      ["expected", expected],
      ["got", got],
      ["do", remedy],
    ];
    return {
      text: [{ text: `error ${code}`, hue: "red" }, { rows }],
      json: { error: { code, expected, got, remedy } },
      exitCode,
    };
  }
  const { name, message, code } = summarise(error);
  return {
    text: [{ text: `error ${name}: ${message}`, hue: "red" }],
    json: { error: { code: code ?? name, message } },
    exitCode,
  };
}
