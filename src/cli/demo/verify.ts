/**
 * The receiver's own check of what it got, written from the two specifications with nothing but node:crypto, so that
 * the demo proves our signatures to somebody who shares no code with the sender.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

const TOLERANCE_SECONDS = 300;

/** `X-Hokusai-Signature: sha256=<hex of HMAC-SHA256 over the body>`; the key is the secret's text. */
export function verifyHokusai(secret: string, headers: IncomingHttpHeaders, body: Buffer): boolean {
  const expected = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
  return equals(String(headers["x-hokusai-signature"] ?? ""), expected);
}

/** Standard Webhooks 1.0: `v1,<base64>` over `id.timestamp.body`; the key is the base64 after `whsec_`. */
export function verifyStandardWebhooks(
  secret: string,
  headers: IncomingHttpHeaders,
  body: Buffer,
  nowSeconds: number,
): boolean {
  const id = String(headers["webhook-id"] ?? "");
  const timestamp = String(headers["webhook-timestamp"] ?? "");
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(nowSeconds - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64");
  const offered = String(headers["webhook-signature"] ?? "").split(" ");
  return offered.some((signature) => equals(signature, `v1,${expected}`));
}

function equals(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
