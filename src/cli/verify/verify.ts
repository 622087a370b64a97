/**
 * `hookwave verify`: a captured request, judged as its receiver would have; the exit code says the same. It knows
 * no more of the request than its file, so what the sender had for a URL can be said with --url.
 */

import { form } from "../../config/forms.ts";
import { system } from "../../config/system.ts";
import { diagnose, type ReceivedRequest, type Refusal } from "../../receiver/diagnose.ts";
import type { Invocation } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { expectationOf, refusalRows, urlOf } from "../expectation.ts";
import { readInput } from "../input.ts";
import { printable } from "../printable.ts";
import { type Report, report } from "../report.ts";
import { readOption, timeMs } from "../values.ts";
import { type CapturedRequest, readCapture } from "./captured-request.ts";

const VALUE_CHARACTERS = 100;

export async function verify(asked: Invocation): Promise<Report> {
  const expected = expectationOf(asked);
  const [url, nowMs] = [urlOf(asked, "url"), readOption(asked, "at", TIME) ?? system.now()];
  const capture = readCapture(await readInput(asked.operands[0] ?? ""));
  const request = { ...capture, url: url?.href ?? senderUrl(capture) };
  const diagnosis = await diagnose(request, expected, nowMs);
  const bodyBytes = request.body.length;
  if (diagnosis.kind === "invalid") return refusalReport(diagnosis, request);
  const { kind, id, type, timestamp } = diagnosis.event;
  const facts = { profile: expected.profile, type, id, timestamp };
  const rows = Object.entries(facts).map(([name, value]) => [name, printable(value, VALUE_CHARACTERS)]);
  const text = [
    { text: "valid", hue: "green" as const },
    { rows: [...rows, ["body", `${bodyBytes} bytes`]] },
  ];
  return report(text, { isValid: true, ...facts, isKnownType: kind === "known", bodyBytes });
}

function refusalReport(refusal: Refusal, request: ReceivedRequest): Report {
  const { kind: _, ...rest } = refusal;
  const advice = [...refusal.advice, ...hints(refusal, request)];
  const rows = refusalRows({ ...refusal, advice });
  const json = { isValid: false, ...rest, advice, bodyBytes: request.body.length };
  return { text: [{ text: `invalid ${refusal.code}`, hue: "red" }, { rows }], json, exitCode: EXIT.failure };
}

/** Hints that only a capture needs. */
function hints({ validAt }: Refusal, { headers, body }: ReceivedRequest): readonly string[] {
  const told = headers.find(([name]) => name.toLowerCase() === "content-length")?.[1];
  const isCut = told !== undefined && /^\d{1,12}$/.test(told) && Number(told) > body.length;
  return [
    ...(validAt === null ? [] : [`--at ${validAt} judges it as of then`]),
    ...(isCut ? [`the capture has only ${body.length} of ${told} bytes of the body`] : []),
  ];
}

/** As far as the capture tells. Webhooks go over https; where this one did not, the diagnosis finds out. */
function senderUrl({ target, headers }: CapturedRequest): string {
  const host = headers.find(([name]) => name.toLowerCase() === "host")?.[1] ?? "unknown.invalid";
  return URL.parse(target ?? "/", `https://${host}`)?.href ?? `https://${host}/`;
}

const TIME = form("a time such as 2026-01-31T12:00:00Z, or unix seconds", (text) =>
  /^\d{1,12}$/.test(text) ? Number(text) * 1_000 : timeMs(text),
);
