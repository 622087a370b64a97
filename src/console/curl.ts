/**
 * A delivery's request as a command for a POSIX shell, and the command that certifies its receiver. No secret and no signature
 * is in either: what the service masks stays masked, and the command says so.
 */
import type { ExplanationInJson } from "../api/routes/test-and-explain.ts";
import type { ShownWebhook } from "../api/webhook-fields.ts";
import { MASK, OPTION_DEFAULTS } from "../core/endpoint.ts";

type SentRequest = NonNullable<ExplanationInJson["request"]>;

/** Stands for all that is not shown, as it does in the URLs that the service shows. */
const HIDDEN = "***";
const NOTE = `# Put in what is ${HIDDEN}: parts of URLs, secrets and signatures are not shown.\n`;
const NEXT_LINE = " \\\n    ";

/** One word of the shell, whatever is in it. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** curl reads a header without a value as one that is not to be sent, unless it ends in a semicolon. */
const headerText = (name: string, value: string): string =>
  value === "" ? `${name};` : `${name}: ${value === MASK ? HIDDEN : value}`;

/** Its body comes through a pipe: an argument is bounded, and curl takes one that begins with `@` for a file's name. */
export function curlOf({ method, url, headers, body }: SentRequest): string {
  const options = [
    `curl --globoff --request ${method} --url ${quoted(url)}`,
    ...Object.entries(headers).map(([name, value]) => `--header ${quoted(headerText(name, value))}`),
    "--data-binary @-",
  ];
  const isWhole = !url.includes(HIDDEN) && !Object.values(headers).includes(MASK);
  return `${isWhole ? "" : NOTE}printf %s ${quoted(body)} |\n  ${options.join(NEXT_LINE)}\n`;
}

type Signing = Pick<
  ShownWebhook,
  | "profile"
  | "signature_prefix"
  | "replay_protection"
  | "signature_header"
  | "signature_encoding"
  | "signed_content"
>;

/** The secret is a variable of the shell, as in the examples of the command's own page. */
export function certifyOf(url: string, webhook: Signing): string {
  const { signature_header: header, signature_encoding: encoding, signed_content: content } = webhook;
  const words = [
    `npx hookwave certify ${quoted(url)} --secret "$SECRET" --profile ${webhook.profile}`,
    webhook.signature_prefix === OPTION_DEFAULTS.signaturePrefix ? "" : "--bare-signature",
    webhook.replay_protection === OPTION_DEFAULTS.replayProtection ? "" : "--replay-protection",
    header === OPTION_DEFAULTS.signatureHeader ? "" : `--signature-header ${quoted(header)}`,
    encoding === OPTION_DEFAULTS.signatureEncoding ? "" : `--signature-encoding ${encoding}`,
    content === OPTION_DEFAULTS.signedContent ? "" : `--signed-content ${content}`,
  ];
  return `${url.includes(HIDDEN) ? NOTE : ""}${words.filter((word) => word !== "").join(" ")}\n`;
}
