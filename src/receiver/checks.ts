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
  const expected = `a time within ${toleranceSeconds} s of now in ${header}`;
  // The other way round, a tolerance that is no number would let everything pass.
  if (!(ageSeconds <= toleranceSeconds))
    throw new VerificationError("TIMESTAMP_TOO_OLD", expected, `one ${ageSeconds} s ago`);
  if (!(-ageSeconds <= toleranceSeconds))
    throw new VerificationError("TIMESTAMP_TOO_NEW", expected, `one ${-ageSeconds} s ahead`);
}

/** Throws when the sender itself set an end, and it has passed. */
export function checkExpiry(header: string, text: string | undefined, { nowSeconds }: Clock): void {
  const overdueSeconds = text === undefined ? 0 : nowSeconds - unixSeconds(header, text);
  if (overdueSeconds > 0)
    throw new VerificationError(
      "TIMESTAMP_TOO_OLD",
      `no end in ${header} before now`,
      `one ${overdueSeconds} s ago`,
    );
}

/** In at most 12 digits: `Number` alone reads "1e9", "0x10" and "" as numbers, too. */
function unixSeconds(header: string, text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw malformed(header, "unix seconds");
  return Number(text);
}

export interface TextSignatures {
  /** The header they stand in. */
  readonly name: string;
  readonly signatures: readonly string[];
  /** The text before the hexadecimal digits, such as `sha256=`. */
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
  if (!(await isTrueOfAny(secrets, (secret) => isHmacOf(utf8(secret), signed, signatures, toText))))
    throw signatureMismatch(name);
}

/** The commonest scheme: one header, over the body and nothing else. */
export async function checkBodyHmac(
  name: string,
  { headers, body, secrets }: ReceivedRequest,
): Promise<void> {
  await checkHexHmac({ name, signatures: [headers.required(name)], prefix: "sha256=" }, body, secrets);
}

export function signatureMismatch(name: string): VerificationError {
  return new VerificationError(
    "SIGNATURE_MISMATCH",
    `a signature of these bytes in ${name} by one of the secrets`,
    "none that fits",
  );
}
