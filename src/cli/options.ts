/** Options that several commands understand, or that come many at a time: each described once, for grammar.ts. */
import { PROFILE_NAMES } from "../core/endpoint.ts";

export interface OptionSpec {
  /** Without the dashes. */
  readonly name: string;
  /** The word for the value in help; null for a switch. */
  readonly value: string | null;
  readonly doc: string;
  readonly isRepeatable?: boolean;
}

const json: OptionSpec = {
  name: "json",
  value: null,
  doc: "Print one JSON document instead of text; errors too.",
};
const help: OptionSpec = { name: "help", value: null, doc: "Explain the command instead of running it." };
const version: OptionSpec = { name: "version", value: null, doc: "Print the version." };

/** Understood by every command. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [json, help, version];

/** The address of the service. */
export const serviceOptions: readonly OptionSpec[] = [
  { name: "api", value: "<url>", doc: "The service's API, instead of HOOKWAVE_URL." },
  { name: "redis", value: "<url>", doc: "Without the service's API, straight on its Redis." },
];

export const profile: OptionSpec = {
  name: "profile",
  value: "<name>",
  doc: `The wire profile: ${PROFILE_NAMES.join(", ")}. Default: ${PROFILE_NAMES[0]}.`,
};
export const replayProtection: OptionSpec = {
  name: "replay-protection",
  value: null,
  doc: "hokusai: sign a timestamp and a nonce, too.",
};
export const bareSignature: OptionSpec = {
  name: "bare-signature",
  value: null,
  doc: "hokusai: leave out `sha256=` before the signature.",
};
export const signatureHeader: OptionSpec = {
  name: "signature-header",
  value: "<Name>",
  doc: "stripe: the signature's header (default Stripe-Signature).",
};

/** A receiver's knowledge of its sender. */
export const receiverOptions: readonly OptionSpec[] = [
  {
    name: "secret",
    value: "<text>",
    doc: "The receiver's secret, or public key (whpk_); several while it is being rotated.",
    isRepeatable: true,
  },
  profile,
  signatureHeader,
  {
    name: "url",
    value: "<url>",
    doc: "ai-core: the URL as the sender knows it, which it signs; guessed from the request when absent.",
  },
];

export const endpointOptions: readonly OptionSpec[] = [
  { name: "id", value: "<id>", doc: "Its id: 1–64 of A–Z a–z 0–9 _ -; replaces an endpoint that has it." },
  {
    name: "events",
    value: "<a,b>",
    doc: "What it receives: types, families such as job.*, or * (default); '' for nothing.",
  },
  profile,
  {
    name: "further-profile",
    value: "<name>",
    doc: "Another profile whose signature is added over the same body, while receivers move.",
    isRepeatable: true,
  },
  {
    name: "secret",
    value: "<text>",
    doc: "Signs what it receives; twice while rotating, newest first. Generated when absent.",
    isRepeatable: true,
  },
  {
    name: "ed25519",
    value: null,
    doc: "standard: generate a key pair and show the public key, which is all the receiver needs.",
  },
  {
    name: "header",
    value: "<Name: value>",
    doc: "A header to send with every delivery.",
    isRepeatable: true,
  },
  { name: "timeout", value: "<duration>", doc: "Deadline of one attempt: 15s, 2m." },
  {
    name: "retry-schedule",
    value: "<2s,4s>",
    doc: "Waits between attempts, separated by commas; none for a single attempt.",
  },
  { name: "max-in-flight", value: "<n>", doc: "Open POSTs per worker, 1–1,000." },
  { name: "description", value: "<text>", doc: "A note for people." },
  replayProtection,
  bareSignature,
  signatureHeader,
  {
    name: "signs-destinations",
    value: null,
    doc: "Let events name destinations that are signed with its secrets.",
  },
];

export const letterFilter: readonly OptionSpec[] = [
  { name: "endpoint", value: "<id>", doc: "Only those of this endpoint." },
  { name: "type", value: "<type>", doc: "Only events of this type, or of a family such as job.*" },
  {
    name: "reason",
    value: "<reason>",
    doc: "Only those given up because of this: exhausted, final_status, gone, …",
  },
  { name: "since", value: "<time>", doc: "Only those buried then or later (RFC 3339)." },
  { name: "until", value: "<time>", doc: "Only those buried before." },
];
