/**
 * The checks that several families share: a timestamp within tolerance, a signature in hexadecimal over the body.
 * Each throws a VerificationError that names its header.
 */
import { type Bytes, toHex, utf8 } from "./bytes.ts";
import { malformed } from "./received-headers.ts";
import type { ReceivedRequest } from "./receiving-profile.ts";
import { isHmacOf, isTrueOfAny } from "./signatures.ts";
import { VerificationError } from "./verification-error.ts";

type Clock = Pick<ReceivedRequest, "nowSeconds" | "toleranceSeconds">;

/** Throws unless `text` is within tolerance of now, both ends included. */
export function checkTimestamp(header: string, text: string, { nowSeconds, toleranceSeconds }: Clock): void {
  const ageSeconds = nowSeconds - unixSeconds(header, text);
  // Asked the other way round, a tolerance that is no number would let everything pass.
  if (Math.abs(ageSeconds) <= toleranceSeconds) return;
  const [side, got] =
    ageSeconds < 0 ? (["NEW", `${-ageSeconds} s ahead`] as const) : (["OLD", `${ageSeconds} s ago`] as const);
  const expected = `a time within ${toleranceSeconds} s of now in ${header}`;
  throw new VerificationError(`TIMESTAMP_TOO_${side}`, expected, `one ${got}`);
}

/** Throws when the sender itself set an end, and it has passed. */
export function checkExpiry(header: string, text: string | undefined, { nowSeconds }: Clock): void {
  if (text !== undefined && nowSeconds > unixSeconds(header, text))
    throw new VerificationError("TIMESTAMP_TOO_OLD", `an end in ${header} after now`, "an earlier one");
}

/** In at most 12 digits: `Number` alone reads "1e9", "0x10" and "" as numbers, too. */
function unixSeconds(header: string, text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw malformed(header, "unix seconds");
  return Number(text);
}

interface TextSignatures {
  /** The header they stand in. */
  readonly name: string;
  readonly signatures: readonly string[];
  /** The text before the digits, such as `sha256=`. */
  readonly prefix: string;
}

/** Throws unless one of the signatures is the lower-case hexadecimal HMAC of `signed`; the key is the secret's own text. */
export async function checkHexHmac(
  { name, signatures, prefix }: TextSignatures,
  signed: Bytes,
  secrets: readonly string[],
): Promise<void> {
  if (!signatures.some((one) => one.startsWith(prefix) && /^[0-9a-f]{64}$/.test(one.slice(prefix.length))))
    throw malformed(name, `${prefix} and 64 lower-case hexadecimal digits`);
  const toText = (digest: Bytes) => prefix + toHex(digest);
  await insistOnSignature(name, secrets, (secret) => isHmacOf(utf8(secret), signed, signatures, toText));
}

/** The text before a signature that may stand alone, too. */
export const prefixOf = (signature: string): string => (signature.startsWith("sha256=") ? "sha256=" : "");

/** The commonest scheme: one header, over the body and nothing else. */
export async function checkBodyHmac(
  name: string,
  { headers, body, secrets }: ReceivedRequest,
): Promise<void> {
  await checkHexHmac({ name, signatures: [headers.required(name)], prefix: "sha256=" }, body, secrets);
}

/** Throws unless it is by one of the secrets; every one is asked of. */
export async function insistOnSignature(
  name: string,
  secrets: readonly string[],
  isSignedBy: (secret: string) => Promise<boolean>,
): Promise<void> {
  if (!(await isTrueOfAny(secrets, isSignedBy)))
    throw new VerificationError(
      "SIGNATURE_MISMATCH",
      `a signature of these bytes in ${name} by one of the secrets`,
      "none that fits",
    );
}
