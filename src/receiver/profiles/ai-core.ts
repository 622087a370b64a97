/**
 * The AI task service: RFC 9421 (HTTP Message Signatures) over method, target URI, digest and date, and RFC 9530
 * (Content-Digest) over the body. The signature is the one labelled `sig1`; what a proxy may have added under other
 * labels is passed over. One that covers anything else is not this family's: it would prove less.
 */
import { type Bytes, toBase64, utf8 } from "../bytes.ts";
import { checkExpiry, checkTimestamp, insistOnSignature } from "../checks.ts";
import { malformed, refuseMissing } from "../received-headers.ts";
import { isRecord, type ReceivedRequest, type ReceivingProfile } from "../receiving-profile.ts";
import { keyBytes, misconfigured } from "../secrets.ts";
import { isHmacOf, SIGNATURES_MAX, sha256 } from "../signatures.ts";
import { VerificationError } from "../verification-error.ts";

const DIGEST = "content-digest";
const INPUT = "signature-input";
const SIGNATURE = "signature";

/** Its member of the dictionary (RFC 8941 §3.2). No text among the parameters holds a `;`. */
const SIG1 =
  /(?:^|, ?)sig1=(\("@method" "@target-uri" "content-digest" "date"\)((?:;[a-z]+=(?:\d+|"[^"\\;]*"))*))(?=$|,)/g;

export const aiCore: ReceivingProfile = {
  authenticate: async (request) => {
    const covered = coveredLines(request);
    const signatures = field(request, SIGNATURE).split(/, ?/, SIGNATURES_MAX);
    const [input, ...others] = field(request, INPUT).matchAll(SIG1);
    if (input === undefined || others.length > 0)
      throw malformed(INPUT, "one sig1 over method, target URI, digest and date");
    const [, text, parameters = ""] = input;
    checkParameters(parameters, request);
    const signed = utf8(`${covered}"@signature-params": ${text}`);
    const toText = (digest: Bytes) => `sig1=${item(digest)}`;
    await insistOnSignature(SIGNATURE, request.secrets, (secret) =>
      isHmacOf(keyBytes(secret), signed, signatures, toText),
    );
    const digests = field(request, DIGEST).split(/, ?/);
    if (!digests.includes(`sha-256=${item(await sha256(request.body))}`))
      throw new VerificationError("DIGEST_MISMATCH", `the body that ${DIGEST} describes`);
  },
  read: ({ fields: { event_id: id, event_name: type, event_payload: data } }) => {
    const timestamp = isRecord(data) ? data["timestamp"] : undefined;
    return { id, type: data === undefined ? undefined : type, timestamp, data };
  },
};

const field = ({ headers }: ReceivedRequest, name: string): string =>
  headers.combined(name) ?? refuseMissing(name);

/** The signature base but for its last line (RFC 9421 §2.5). */
function coveredLines(request: ReceivedRequest): string {
  const { method = "POST", targetUri } = request;
  if (targetUri === undefined) throw misconfigured("targetUri, the URL as the sender knows it", "none");
  const [digest, date] = [field(request, DIGEST), field(request, "date")];
  return `"@method": ${method}\n"@target-uri": ${targetUri}\n"${DIGEST}": ${digest}\n"date": ${date}\n`;
}

function checkParameters(text: string, request: ReceivedRequest): void {
  if (/;alg=(?!"hmac-sha256")/.test(text)) throw malformed(INPUT, 'alg="hmac-sha256"');
  const parameter = (name: RegExp) => name.exec(text)?.[1];
  checkTimestamp(INPUT, parameter(/;created=([^;]*)/) ?? "", request);
  checkExpiry(INPUT, parameter(/;expires=([^;]*)/), request);
}

/** Bytes as a structured field writes them (RFC 8941 §3.3.5). */
const item = (bytes: Bytes): string => `:${toBase64(bytes)}:`;
