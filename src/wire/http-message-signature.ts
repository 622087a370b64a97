/**
 * HTTP Message Signatures (RFC 9421) with HMAC-SHA256, and the digest of a body they usually cover (RFC 9530).
 * Only what a sender needs: it writes what it is given in the order it is given and parses nothing. Covered
 * values must be one line without white space around them, as everything we sign is.
 */
import { hash, type KeyObject } from "node:crypto";
import { hmacBase64 } from "./hmac.ts";

interface Covered {
  /** Component → value, in the order they are signed. */
  readonly components: Readonly<Record<string, string>>;
  /** Parameter → a string, or an integer, in the order they are written. */
  readonly parameters: Readonly<Record<string, string | number>>;
}

/** Both headers of RFC 9421 §4, with one signature under the label `sig1`. */
export function signatureHeaders(key: KeyObject, covered: Covered): Readonly<Record<string, string>> {
  return {
    "Signature-Input": `sig1=${signatureInput(covered)}`,
    Signature: `sig1=:${signMessage(key, covered)}:`,
  };
}

/** Base64 HMAC-SHA256 of the signature base (RFC 9421 §2.5). */
export function signMessage(key: KeyObject, covered: Covered): string {
  const lines = Object.entries(covered.components).map(([name, value]) => `${quoted(name)}: ${value}`);
  return hmacBase64(key, [...lines, `"@signature-params": ${signatureInput(covered)}`].join("\n"));
}

/** The inner list of RFC 9421 §2.3: `("date" "@method");created=1618884473`. */
function signatureInput({ components, parameters }: Covered): string {
  const names = Object.keys(components).map(quoted).join(" ");
  const written = Object.entries(parameters).map(([name, value]) => `;${name}=${bareItem(value)}`);
  return `(${names})${written.join("")}`;
}

const bareItem = (value: string | number): string =>
  typeof value === "number" ? String(value) : quoted(value);

/** A structured-field string (RFC 8941 §3.3.3). */
const quoted = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;

/** `Content-Digest` over the UTF-8 bytes of `body` (RFC 9530 §2). */
export function contentDigest(body: string): string {
  return `sha-256=:${hash("sha256", body, "base64")}:`;
}
