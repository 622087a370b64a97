/** Every way to spoil a request that can be tried on each profile, with the codes it may be refused with. */
import type { VerificationCode } from "../../../src/receiver/index.ts";
import {
  aCall,
  bytesOf,
  type Call,
  headerOf,
  OTHER_SECRET,
  SECRET,
  textOf,
  VARIANTS,
  withHeader,
} from "./requests.ts";

/** A spoiled call, and the codes it may be refused with. */
type Spoil = (call: Call, signatureHeader: string) => Partial<Call>;
type Refusal = readonly [title: string, codes: readonly VerificationCode[], spoil: Spoil];

/** ai-core signs a digest of the body, so a changed body shows there. */
const CHANGED: readonly VerificationCode[] = ["SIGNATURE_MISMATCH", "DIGEST_MISMATCH"];
const BAD_HEADER: readonly VerificationCode[] = ["HEADER_MALFORMED", "SIGNATURE_MISMATCH"];

function flipBit(bytes: Uint8Array<ArrayBuffer>, at: number): Uint8Array<ArrayBuffer> {
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}

/** Changes the last character that is a digit of the signature, whatever its encoding. */
const lastDigit = /[A-Za-z0-9+/](?=[^A-Za-z0-9+/]*$)/;

export const OF_EVERY_PROFILE: readonly Refusal[] = [
  ["the body's first bit flipped", CHANGED, (call) => ({ body: flipBit(bytesOf(call), 0) })],
  [
    "a bit in the middle flipped",
    CHANGED,
    (call) => ({ body: flipBit(bytesOf(call), bytesOf(call).length >> 1) }),
  ],
  ["the last bit flipped", CHANGED, (call) => ({ body: flipBit(bytesOf(call), bytesOf(call).length - 1) })],
  ["a byte more", CHANGED, (call) => ({ body: `${textOf(call)}\n` })],
  ["a byte less", CHANGED, (call) => ({ body: bytesOf(call).subarray(0, -1) })],
  ["nothing left of the body", CHANGED, () => ({ body: "" })],
  ["a BOM put before it", CHANGED, (call) => ({ body: `\ufeff${textOf(call)}` })],
  [
    "the JSON parsed and written again",
    CHANGED,
    (call) => ({ body: JSON.stringify(JSON.parse(textOf(call))) }),
  ],
  ["the JSON indented", CHANGED, (call) => ({ body: JSON.stringify(JSON.parse(textOf(call)), null, 2) })],
  ["escapes resolved", CHANGED, (call) => ({ body: textOf(call).replace("\\u00e9", "é") })],
  ["spaces removed", CHANGED, (call) => ({ body: textOf(call).replaceAll(", ", ",") })],
  [
    "its bytes taken for Latin-1",
    CHANGED,
    (call) => ({ body: Buffer.from(bytesOf(call)).toString("latin1") }),
  ],
  ["line ends rewritten", CHANGED, (call) => ({ body: `${textOf(call)}\r\n` })],
  ["a letter composed differently", CHANGED, (call) => ({ body: textOf(call).normalize("NFD") })],
  [
    "the body of another event",
    CHANGED,
    (call) => ({ body: textOf(call).replaceAll("12345678901234567890", "1") }),
  ],
  ["another secret", ["SIGNATURE_MISMATCH"], () => ({ secrets: OTHER_SECRET })],
  ["only other secrets", ["SIGNATURE_MISMATCH"], () => ({ secrets: [OTHER_SECRET, "a", "b"] })],
  ["white space after a plain secret", ["SIGNATURE_MISMATCH"], () => ({ secrets: "plain \n" })],
  ["no secret", ["MISCONFIGURED"], () => ({ secrets: [] })],
  ["an empty secret", ["MISCONFIGURED"], () => ({ secrets: "" })],
  ["an empty secret beside the right one", ["MISCONFIGURED"], () => ({ secrets: [SECRET, ""] })],
  ["the sender's private key", ["MISCONFIGURED"], () => ({ secrets: "whsk_c2VjcmV0" })],
  ["no signature", ["HEADER_MISSING"], (call, name) => withHeader(call, name, undefined)],
  ["an empty signature", BAD_HEADER, (call, name) => withHeader(call, name, "")],
  [
    "a signature cut short",
    BAD_HEADER,
    (call, name) => withHeader(call, name, headerOf(call, name).slice(0, -8)),
  ],
  [
    "a signature with more behind it",
    BAD_HEADER,
    (call, name) => withHeader(call, name, `${headerOf(call, name)}0`),
  ],
  [
    "a digit of the signature changed",
    BAD_HEADER,
    (call, name) =>
      withHeader(
        call,
        name,
        headerOf(call, name).replace(lastDigit, (digit) => (digit === "0" ? "1" : "0")),
      ),
  ],
  [
    "a signature in the other letter case",
    BAD_HEADER,
    (call, name) => withHeader(call, name, swapCase(headerOf(call, name))),
  ],
  ["text where the signature should be", BAD_HEADER, (call, name) => withHeader(call, name, "sha256=łódź")],
  [
    "the signature of another body",
    CHANGED,
    (call, name) => withHeader(call, name, headerOf(signedOther(call), name)),
  ],
];

const swapCase = (text: string): string =>
  text.replace(/[a-z]/gi, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  );

function signedOther({ options }: Call): Call {
  const variant =
    Object.values(VARIANTS).find(({ profile }) => profile === options.profile) ?? VARIANTS.standard;
  return aCall({ ...variant, dataText: '{"model_id":"another","job_id":"another"}' });
}
