/**
 * The receiver's first question: is this request what our sender sent, unchanged, and of now? On WebCrypto alone, so
 * that it runs on Node, Deno, Bun, edge and serverless runtimes. It refuses to guess: the caller hands over the bytes
 * as they arrived, and what is not accepted says which check failed.
 */
import { type Bytes, bodyBytes, type RawBody, toHex } from "./bytes.ts";
import { systemNow } from "./clock.ts";
import { profileNamed, type ReceivingProfileName } from "./profiles.ts";
import { type HeadersInput, type ReceivedHeaders, readHeaders } from "./received-headers.ts";
import { type Agreement, isRecord, type Reading } from "./receiving-profile.ts";
import { readSecrets } from "./secrets.ts";
import { sha256 } from "./signatures.ts";
import { VerificationError } from "./verification-error.ts";
import { type WebhookEvent, webhookEvent } from "./webhook-event.ts";

export interface VerifyOptions extends Agreement {
  /** The family of requests to expect. Default: `standard`. */
  readonly profile?: ReceivingProfileName | undefined;
  /** The most that a signed timestamp may be from now, in either direction. Default: 300 s. */
  readonly toleranceSeconds?: number | undefined;
  /** Epoch ms. Default: this machine's clock. */
  readonly now?: (() => number) | undefined;
}

const TOLERANCE_SECONDS = 300;

/** Of all that comes behind the signature. */
const UNREADABLE = "PAYLOAD_UNREADABLE";

/**
 * Resolves with the event; rejects with a VerificationError that says which check failed. Several secrets are accepted
 * at once, so that a rotation needs no good moment.
 */
export async function verify(
  rawBody: RawBody,
  headers: HeadersInput,
  secrets: string | readonly string[],
  options: VerifyOptions = {},
): Promise<WebhookEvent> {
  const { profile: name = "standard", toleranceSeconds = TOLERANCE_SECONDS, now = systemNow } = options;
  const profile = profileNamed(name);
  const body = bodyBytes(rawBody);
  const headersWith = readHeaders(headers);
  await profile.authenticate({
    ...options,
    body,
    headers: headersWith(),
    secrets: readSecrets(secrets, name === "standard"),
    nowSeconds: Math.floor(now() / 1_000),
    toleranceSeconds,
  });
  // Nothing speaks against the sender any more: a header that names no event is no forgery.
  const received = headersWith(UNREADABLE);
  const json = parseJson(body);
  const reading = profile.read({ json, fields: isRecord(json) ? json : {} }, received);
  const { type, data, timestamp: happenedAt } = reading;
  if (!type || typeof type !== "string") throw unreadable("an event of this profile");
  const timestamp = typeof happenedAt === "string" ? happenedAt : new Date(now()).toISOString();
  return webhookEvent({ id: await idOf(reading, received, body), type, timestamp, data });
}

/** BOMs are tolerated, as RFC 8259 §8.1 allows; bytes that are no UTF-8 are not. */
function parseJson(body: Bytes): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw unreadable("JSON in UTF-8");
  }
}

const ID_PATTERN = /^[\x21-\x7e]{1,256}$/;

/**
 * The id that the signature covers where the family has one, else the sender's header. A request without either is
 * known by its bytes: copies of it are the same event.
 */
export async function idOf(reading: Reading, headers: ReceivedHeaders, body: Bytes): Promise<string> {
  const ids = [reading.id, headers.optional("webhook-id")];
  const usable = ids.find((id): id is string => typeof id === "string" && ID_PATTERN.test(id));
  return usable ?? `body_${toHex(await sha256(body))}`;
}

const unreadable = (expected: string): VerificationError =>
  new VerificationError(UNREADABLE, `${expected} in the body`);
