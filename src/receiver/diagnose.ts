/**
 * Diagnoses a request as its receiver would, for somebody who wants to know why one was refused. The verdict is the
 * receiver's own `verify`; where that refuses, likely mistakes are undone one after the other until it accepts, and
 * what had to be undone is the advice. It accepts nothing itself.
 */
import { utf8 } from "./bytes.ts";
import { type ReceivingProfileName, receivingProfileNames } from "./profiles.ts";
import { type Agreement, SIGNED_CONTENTS } from "./receiving-profile.ts";
import { VERIFICATION_CODES, type VerificationCode, VerificationError } from "./verification-error.ts";
import { verify } from "./verify.ts";
import type { WebhookEvent } from "./webhook-event.ts";

export interface ReceivedRequest {
  readonly method: string;
  /** As the sender knows it; ai-core signs it. */
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

/** The agreement of a receiver with its sender. */
export interface Expectation {
  readonly profile: ReceivingProfileName;
  /** Never empty, and checked with `insistUsable`. */
  readonly secrets: readonly string[];
  /** stripe, hmac: the header of the signature; its usual one when undefined. */
  readonly signatureHeader: string | undefined;
  /** hmac: what the signature covers; the body when undefined. */
  readonly signedContent: Agreement["signedContent"];
}

export interface Refusal {
  readonly kind: "invalid";
  readonly code: VerificationCode;
  /** The HTTP status that answers it. */
  readonly status: number;
  /** "expected …, got …", without a secret, a signature or a byte of the body. */
  readonly complaint: string;
  readonly remedy: string;
  /** Findings: with what else it would have been accepted. None where nothing likely helps. */
  readonly advice: readonly string[];
  /** The time it was signed at, if it would have been accepted then; ISO 8601. */
  readonly validAt: string | null;
}

export type Diagnosis = { readonly kind: "valid"; readonly event: WebhookEvent } | Refusal;

interface Case {
  readonly request: ReceivedRequest;
  readonly expected: Expectation;
}

/** `nowMs` in epoch ms. Rejects only with what is no refusal: a bug. */
export async function diagnose(
  request: ReceivedRequest,
  expected: Expectation,
  nowMs: number,
): Promise<Diagnosis> {
  const found = await ask({ request, expected }, nowMs);
  if (!(found instanceof VerificationError)) return { kind: "valid", event: found };
  const { code, status, message } = found;
  const remedy = VERIFICATION_CODES[code][1];
  const complaint = message.slice(0, message.length - `; ${remedy}`.length);
  const mistake = await findMistake({ request, expected }, nowMs);
  return { kind: "invalid", code, status, complaint, remedy, ...mistake };
}

async function ask({ request, expected }: Case, nowMs: number): Promise<WebhookEvent | VerificationError> {
  const { profile, secrets, signatureHeader, signedContent } = expected;
  const { body, headers, method, url } = request;
  const options = { profile, signatureHeader, signedContent, method, targetUri: url, now: () => nowMs };
  return await verify(body, headers, secrets, options).catch((error: unknown) => {
    if (error instanceof VerificationError) return error;
    throw error;
  });
}

/** Each mistake alone, as of now and as of when the request was signed; the first that explains it ends the search. */
async function findMistake(of: Case, nowMs: number): Promise<Pick<Refusal, "advice" | "validAt">> {
  const times = [nowMs, ...signedAt(of.request)];
  for (const { advice, ...undone } of [{ advice: [], ...of }, ...mistakesUndone(of)]) {
    for (const timeMs of times) {
      if ((await ask(undone, timeMs)) instanceof VerificationError) continue;
      const validAt = timeMs === nowMs ? null : new Date(timeMs).toISOString();
      const late = validAt === null ? [] : [`it would have been accepted when it was signed, at ${validAt}`];
      return { advice: [...advice, ...late], validAt };
    }
  }
  return { advice: [], validAt: null };
}

/** Headers in which requests tell when they were signed, in unix seconds. */
const TIMES: readonly (readonly [header: RegExp, time: RegExp])[] = [
  [/^webhook-timestamp$/i, /^(\d{1,12})$/],
  [/^x-hokusai-timestamp$/i, /^(\d{1,12})$/],
  [/^signature-input$/i, /;created=(\d{1,12})/],
  [/./, /^t=(\d{1,12}),/],
];

/** Epoch ms, each once. */
function signedAt({ headers }: ReceivedRequest): readonly number[] {
  const texts = headers.flatMap(([name, value]) =>
    TIMES.filter(([header]) => header.test(name)).map(([, time]) => time.exec(value)?.[1]),
  );
  return [...new Set(texts.filter((text) => text !== undefined))].map((text) => Number(text) * 1_000);
}

interface Undone extends Case {
  readonly advice: readonly string[];
}

function mistakesUndone(of: Case): readonly Undone[] {
  return [
    ...profilesExchanged(of),
    ...contentsExchanged(of),
    ...secretsMended(of),
    ...bodiesRestored(of),
    ...urlsExchanged(of),
  ];
}

/** Of hmac alone: whoever expects another profile is not told of variants of this one. */
function contentsExchanged({ request, expected }: Case): readonly Undone[] {
  if (expected.profile !== "hmac") return [];
  return SIGNED_CONTENTS.map((signedContent) => ({
    request,
    expected: { ...expected, signedContent },
    advice: [`its signature covers ${signedContent}: expect that, or tell the sender`],
  }));
}

function profilesExchanged({ request, expected }: Case): readonly Undone[] {
  return receivingProfileNames()
    .filter((profile) => profile !== expected.profile)
    .map((profile) => ({
      request,
      expected: { ...expected, profile },
      advice: [`it is a valid request of profile ${profile}: expect that, or tell the sender`],
    }));
}

function secretsMended({ request, expected }: Case): readonly Undone[] {
  const mended = (advice: string, mend: (secret: string) => string): Undone => ({
    request,
    expected: { ...expected, secrets: expected.secrets.map(mend) },
    advice: [advice],
  });
  return [
    mended("the secret has white space around it: take that away", (secret) => secret.trim()),
    mended("`whsec_` belongs to the secret: put it in front", (secret) =>
      /^wh\w+_/.test(secret) ? secret : `whsec_${secret}`,
    ),
  ];
}

/** As many arguments as any engine takes. */
const CHUNK = 8_192;

/** Latin-1 keeps every byte what it is; TextDecoder's "latin1" does not. */
function latin1Of(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK)
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return text;
}

function bytesOf(latin1: string): Uint8Array {
  const bytes = new Uint8Array(latin1.length);
  for (let at = 0; at < latin1.length; at += 1) bytes[at] = latin1.charCodeAt(at);
  return bytes;
}

function bodiesRestored({ request, expected }: Case): readonly Undone[] {
  const text = latin1Of(request.body);
  const restored = (advice: string, body: string): readonly Undone[] =>
    body === text ? [] : [{ expected, request: { ...request, body: bytesOf(body) }, advice: [advice] }];
  const rewritten = "verify the bytes as they arrived";
  return [
    ...restored(
      "the body has got a line break at its end that was not sent: keep the exact bytes",
      text.replace(/\r?\n$/, ""),
    ),
    ...restored("the body has lost the line break at its end: keep the exact bytes", `${text}\n`),
    ...restored("the body has got a BOM that was not sent: keep the exact bytes", text.replace(/^ï»¿/, "")),
    ...restored(
      "line breaks in the body were rewritten as CR LF: keep the exact bytes",
      text.replaceAll("\r\n", "\n"),
    ),
    ...restored(`the body was parsed and written again, with white space: ${rewritten}`, compact(text)),
  ];
}

/** As `JSON.stringify` writes it; the text itself where it is no JSON. */
function compact(text: string): string {
  try {
    const json: unknown = JSON.parse(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytesOf(text)));
    return latin1Of(utf8(JSON.stringify(json)));
  } catch {
    return text;
  }
}

function urlsExchanged({ request, expected }: Case): readonly Undone[] {
  const url = request.url.replace(/^https?:/, (scheme) => (scheme === "http:" ? "https:" : "http:"));
  return [
    { expected, request: { ...request, url }, advice: [`it was signed for ${url}: say so with --url`] },
  ];
}
