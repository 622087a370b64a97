/** One request as a person reads it, or as one line of JSON, which `hookwave verify` takes for a capture. */
import { refusalRows } from "../expectation.ts";
import { printable } from "../printable.ts";
import { alignRows } from "../rows.ts";
import type { Style } from "../terminal.ts";
import type { Heard } from "./listener.ts";

const NAME_CHARACTERS = 100;
const EXCERPT_CHARACTERS = 200;
/** Of the body; what is shown of it is shorter still. */
const EXCERPT_BYTES = 1_024;

/** `copy` is how often the event has come; `forwardedTo` names the server that answers, if one does. */
export function heardText(heard: Heard, copy: number, forwardedTo: string | null, style: Style): string {
  const { request, diagnosis } = heard;
  const { body, url } = request;
  const facts = `${request.method} ${pathOf(url)}, ${body.length} bytes`;
  const excerpt = printable(Buffer.from(body.subarray(0, EXCERPT_BYTES)).toString(), EXCERPT_CHARACTERS);
  const time = diagnosis.kind === "valid" ? printable(diagnosis.event.timestamp, NAME_CHARACTERS) : null;
  const rows = [
    [time === null ? facts : `${facts}, happened ${time}`],
    ...(diagnosis.kind === "invalid" ? refusalRows(diagnosis).map((row) => [row.join(": ")]) : []),
    ...(excerpt === "" ? [] : [[style("dim", excerpt)]]),
  ];
  return `${headline(heard, copy, forwardedTo, style)}\n${alignRows(rows.map((row) => ["      ", ...row]))}`;
}

function headline(heard: Heard, copy: number, forwardedTo: string | null, style: Style): string {
  const { at, diagnosis } = heard;
  const time = style("dim", new Date(at).toTimeString().slice(0, 8));
  const answer = `→ ${answerText(heard, forwardedTo)}`;
  switch (diagnosis.kind) {
    case "valid": {
      const { type, id } = diagnosis.event;
      const names = [type, id].map((name) => printable(name, NAME_CHARACTERS));
      const again = copy > 1 ? [style("yellow", `copy ${copy}`)] : [];
      return [time, style("green", "valid"), ...names, ...again, answer].join("  ");
    }
    case "invalid":
      return [time, style("red", "INVALID"), diagnosis.code, answer].join("  ");
    case "unreadable":
      return [time, style("red", "INVALID"), diagnosis.problem, answer].join("  ");
  }
}

function answerText({ answer, tookMs, isAnswerTaken }: Heard, forwardedTo: string | null): string {
  const { status, because, trouble } = answer;
  const by = {
    verified: "",
    refused: "",
    on_purpose: " on purpose",
    forwarded: ` by ${forwardedTo}`,
    unreachable: `, for ${forwardedTo} does not answer (${trouble})`,
  }[because];
  const end = isAnswerTaken ? "" : ", but the sender had hung up";
  return `${status}${by} in ${Math.round(tookMs)} ms${end}`;
}

const pathOf = (url: string): string => printable(URL.parse(url)?.pathname ?? "/", NAME_CHARACTERS);

/** With the whole request, headers included: this is the developer's own machine. */
export function heardJson(heard: Heard, copy: number): object {
  const { request, at, diagnosis, answer, tookMs, isAnswerTaken } = heard;
  const { method, url, headers, body } = request;
  const bodyBase64 = Buffer.from(body).toString("base64");
  return {
    kind: "request",
    time: new Date(at).toISOString(),
    ...{ method, url, headers, bodyBase64 },
    ...diagnosed(diagnosis, copy),
    answer: { status: answer.status, because: answer.because, trouble: answer.trouble },
    tookMs: Math.round(tookMs),
    isAnswerTaken,
  };
}

function diagnosed(diagnosis: Heard["diagnosis"], copy: number): object {
  if (diagnosis.kind === "valid") {
    const { id, type, timestamp } = diagnosis.event;
    return { isValid: true, id, type, timestamp, copy };
  }
  const { kind: _, ...refusal } = diagnosis;
  return { isValid: false, ...refusal };
}
