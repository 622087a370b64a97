/**
 * JSON text that is to reach receivers as it stands (decision 6), looked at by every way in: HTTP, the SDK and the jobs
 * of other producers. Checked and never rewritten, so what could not arrive as it is has to be refused here.
 */
import type { ErrorCode } from "./errors.ts";
import { EVENT_DATA_MAX_BYTES } from "./event.ts";
import { depthOf, isJsonText } from "./json-text.ts";

/** Of the event around it there is one more: 64 in all. Receivers' parsers recurse, and no event is a weapon. */
export const EVENT_DATA_DEPTH_MAX = 63;

interface TextProblem {
  readonly code: Extract<ErrorCode, "EVENT_INVALID" | "EVENT_TOO_LARGE">;
  /** Goes on after the name of what holds it. */
  readonly expected: string;
  readonly got: string;
}

const invalid = (expected: string, got: string): TextProblem => ({ code: "EVENT_INVALID", expected, got });

/** The reason why it cannot be sent; null where it can. Its size comes first: the rest costs as much as there is of it. */
export function textProblem(text: string): TextProblem | null {
  const tooLarge = sizeProblem(text);
  if (tooLarge !== null) return tooLarge;
  if (!isJsonText(text)) return invalid("JSON text", `${text.length} characters that are not JSON`);
  return depthProblem(text);
}

/** The same of text that was written from a value just now: it is JSON, and reading it again would cost as much as writing it. */
export const writtenProblem = (text: string): TextProblem | null => sizeProblem(text) ?? depthProblem(text);

function sizeProblem(text: string): TextProblem | null {
  const bytes = Buffer.byteLength(text);
  if (bytes > EVENT_DATA_MAX_BYTES)
    return {
      code: "EVENT_TOO_LARGE",
      expected: `at most ${EVENT_DATA_MAX_BYTES} bytes`,
      got: String(bytes),
    };
  // Half a pair has no bytes in UTF-8: another character would be sent in its place. Escaped as \ud800 it has.
  if (!text.isWellFormed())
    return invalid("text that UTF-8 can hold", "half of a surrogate pair; escape it, like \\ud800");
  return null;
}

function depthProblem(text: string): TextProblem | null {
  if (depthOf(text) > EVENT_DATA_DEPTH_MAX)
    return invalid(`JSON of at most ${EVENT_DATA_DEPTH_MAX} levels`, "text nested deeper");
  return null;
}
