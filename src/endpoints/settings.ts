/**
 * Every setting of an endpoint, once. What the SDK takes, what the API takes and shows, the options of the commands,
 * what is said of a bad value, and the tables in docs/endpoints.md and docs/cli.md all come from here. To add one: an
 * entry here, its use (core/endpoint.ts, registration.ts), and its place in the stored record.
 */
import { formatDuration } from "../core/duration.ts";
import {
  MASK,
  OPTION_DEFAULTS,
  PROFILE_NAMES,
  SIGNATURE_ENCODINGS,
  SIGNED_CONTENTS,
} from "../core/endpoint.ts";
import * as forms from "./forms.ts";
import { defaultsOf, setting, type ValuesOf } from "./setting.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

export const SETTINGS = {
  id: setting({
    json: "id",
    form: forms.endpointId(),
    default: null,
    otherwise: "generated",
    doc: "Its name in the API, in logs and in metrics.",
    option: {
      name: "id",
      value: "<id>",
      reading: "text",
      doc: "Its id: 1–64 of A–Z a–z 0–9 _ -; replaces the endpoint that has it, as a whole.",
    },
    show: ({ id }) => id,
  }),
  url: setting({
    json: "url",
    form: forms.url(),
    default: "",
    otherwise: "required",
    doc: "Where it is, as it is requested and signed; shown as far as its host to whoever is no admin.",
    option: { none: "it is what follows `endpoints add`" },
    show: ({ url }) => url,
    isSecret: true,
  }),
  events: setting({
    json: "events",
    form: forms.subscriptions(100),
    default: ["*"],
    doc: "What it receives: types, families such as `job.*`, or `*` for all but operator events; none at all only where it signs for destinations.",
    option: { name: "events", value: "<a,b>", reading: "list" },
    show: ({ events }) => [...events],
  }),
  profile: setting({
    json: "profile",
    form: forms.profile(),
    default: "standard",
    otherwise: "`standard`; over the API, `API_DEFAULT_PROFILE`",
    doc: "The wire profile: the body and signature that its receiver wants.",
    option: {
      name: "profile",
      value: "<name>",
      reading: "profile",
      choices: PROFILE_NAMES,
      doc: `The wire profile: ${PROFILE_NAMES.join(", ")}. Default: ${PROFILE_NAMES[0]}, or the service's API_DEFAULT_PROFILE.`,
    },
    show: ({ profile }) => profile,
  }),
  furtherProfiles: setting({
    json: "further_profiles",
    form: forms.profiles(),
    default: [],
    doc: "Other profiles whose signatures are added over the same body, while receivers move.",
    option: {
      name: "further-profile",
      value: "<name>",
      reading: "profiles",
      isRepeatable: true,
      choices: PROFILE_NAMES,
    },
    show: ({ furtherProfiles }) => [...furtherProfiles],
  }),
  signaturePrefix: setting({
    json: "signature_prefix",
    form: forms.flag(),
    default: OPTION_DEFAULTS.signaturePrefix,
    doc: "hokusai, hmac: write `sha256=` before the signature.",
    option: {
      name: "bare-signature",
      value: null,
      reading: "off",
      doc: "hokusai, hmac: leave out `sha256=` before the signature.",
    },
    show: ({ profileOptions }) => profileOptions.signaturePrefix,
  }),
  replayProtection: setting({
    json: "replay_protection",
    form: forms.flag(),
    default: OPTION_DEFAULTS.replayProtection,
    doc: "hokusai: sign a timestamp and a nonce, too.",
    option: { name: "replay-protection", value: null, reading: "on" },
    show: ({ profileOptions }) => profileOptions.replayProtection,
  }),
  signatureHeader: setting({
    json: "signature_header",
    form: forms.textOrNull(128),
    default: OPTION_DEFAULTS.signatureHeader,
    otherwise: "`null`: `Stripe-Signature`, hmac: `X-Signature`",
    doc: "stripe, hmac: the header that carries the signature.",
    option: { name: "signature-header", value: "<Name>", reading: "text" },
    show: ({ profileOptions }) => profileOptions.signatureHeader,
  }),
  signatureEncoding: setting({
    json: "signature_encoding",
    form: forms.word(SIGNATURE_ENCODINGS),
    default: OPTION_DEFAULTS.signatureEncoding,
    doc: "hmac: the form of the signature, `hex` (lower case) or `base64` (padded).",
    option: { name: "signature-encoding", value: "<hex|base64>", reading: "text" },
    show: ({ profileOptions }) => profileOptions.signatureEncoding,
  }),
  signedContent: setting({
    json: "signed_content",
    form: forms.word(SIGNED_CONTENTS),
    default: OPTION_DEFAULTS.signedContent,
    doc: "hmac: what is signed, with the timestamp and the id of `webhook-timestamp` and `webhook-id`.",
    option: {
      name: "signed-content",
      value: "<what>",
      reading: "text",
      choices: SIGNED_CONTENTS,
      doc: `hmac: what is signed: ${SIGNED_CONTENTS.join(", ")}. Default: ${OPTION_DEFAULTS.signedContent}.`,
    },
    show: ({ profileOptions }) => profileOptions.signedContent,
  }),
  secrets: setting({
    json: "secret",
    form: forms.secrets(),
    default: null,
    otherwise: "generated",
    doc: "Signs what it receives, and is never shown again; several while its receiver moves, newest first: all sign.",
    option: { name: "secret", value: "<text>", reading: "texts", isRepeatable: true },
    show: null,
    isSecret: true,
  }),
  ed25519: setting({
    json: "ed25519",
    form: forms.flag(),
    default: false,
    doc: "standard: generate an Ed25519 key pair, of which its receiver needs the public key only. Of a new one only.",
    option: { name: "ed25519", value: null, reading: "on" },
    show: null,
  }),
  headers: setting({
    json: "headers",
    form: forms.headers(),
    default: {},
    doc: "Headers to send with every delivery; their values are shown masked.",
    option: { name: "header", value: "<Name: value>", reading: "headers", isRepeatable: true },
    show: ({ headers }) => Object.fromEntries(Object.keys(headers).map((name) => [name, MASK])),
    isSecret: true,
  }),
  traceHeaders: setting({
    json: "trace_headers",
    form: forms.flagOrNull(),
    default: null,
    otherwise: "`null`: on for the profile `standard`, off for all others",
    doc: "Send the trace that an event belongs to: the headers `traceparent` and `tracestate`.",
    option: {
      name: "trace-headers",
      value: "<true|false>",
      reading: "flag",
      doc: "Send the headers traceparent and tracestate. Default: true for the profile standard, else false.",
    },
    show: ({ traceHeaders }) => traceHeaders,
  }),
  signsDestinations: setting({
    json: "signs_destinations",
    form: forms.flag(),
    default: false,
    doc: "Let events name destinations that are signed with its secrets.",
    option: { name: "signs-destinations", value: null, reading: "on" },
    show: ({ signsDestinations }) => signsDestinations,
  }),
  timeoutMs: setting({
    json: "timeout_seconds",
    form: forms.seconds(SECOND_MS, 5 * MINUTE_MS),
    default: null,
    otherwise: "`WEBHOOK_TIMEOUT`",
    doc: "Deadline of one attempt, over the whole exchange.",
    option: { name: "timeout", value: "<duration>", reading: "duration" },
    show: ({ timeoutMs }) => timeoutMs / 1_000,
  }),
  maxRetries: setting({
    json: "max_retries",
    form: forms.wholeNumber(0, 24),
    default: null,
    otherwise: "as many as the schedule has",
    doc: "Cuts the schedule, or goes on with it, each further wait doubled.",
    option: { name: "max-retries", value: "<n>", reading: "number" },
    show: ({ retrySchedule }) => retrySchedule.length,
  }),
  retrySchedule: setting({
    json: "retry_schedule",
    form: forms.waits(),
    default: null,
    otherwise: "`WEBHOOK_RETRY_DELAY`, doubling, `WEBHOOK_MAX_RETRIES` times",
    doc: "Waits between attempts, such as `2s`, `5m`, or the name of a schedule: `standard-webhooks`.",
    option: {
      name: "retry-schedule",
      value: "<2s,4s>",
      reading: "waits",
      doc: "Waits between attempts; `none` for a single attempt; or the name of a schedule: standard-webhooks.",
    },
    show: ({ retrySchedule }) => retrySchedule.map(formatDuration),
  }),
  maxInFlight: setting({
    json: "max_in_flight",
    form: forms.wholeNumber(1, 1_000),
    default: null,
    otherwise: "from 10 up to `MAX_IN_FLIGHT`, as long as answers stay fast",
    doc: "Open POSTs per worker.",
    option: { name: "max-in-flight", value: "<n>", reading: "number" },
    show: ({ maxInFlight }) => maxInFlight,
  }),
  rateLimit: setting({
    json: "rate_limit",
    form: forms.rate(),
    default: null,
    otherwise: "none",
    doc: "At most so many attempts in a time, over the whole fleet.",
    option: { name: "rate-limit", value: "<100/1m>", reading: "rate" },
    show: ({ rateLimit }) =>
      rateLimit === null ? null : { count: rateLimit.count, per_seconds: rateLimit.perMs / 1_000 },
  }),
  description: setting({
    json: "description",
    form: forms.text(500),
    default: "",
    doc: "A note for people.",
    option: { name: "description", value: "<text>", reading: "text" },
    show: ({ description }) => description,
  }),
  metadata: setting({
    json: "metadata",
    form: forms.labels(),
    default: {},
    doc: "Its owner's own labels; nothing here reads them.",
    option: { name: "metadata", value: "<key=value>", reading: "labels", isRepeatable: true },
    show: ({ metadata }) => metadata,
  }),
  isActive: setting({
    json: "is_active",
    form: forms.flag(),
    default: true,
    doc: "Whether anything is delivered to it.",
    option: { name: "disabled", value: null, reading: "off", doc: "Add it switched off." },
    show: ({ isActive }) => isActive,
  }),
};

type Settings = ValuesOf<typeof SETTINGS>;

/** An endpoint as it is asked for: docs/endpoints.md says what each setting means, and what holds without it. */
export interface EndpointRequest extends Pick<Settings, "url">, Partial<Omit<Settings, "url">> {}

/** All that may change. */
export type EndpointChanges = Partial<Omit<Settings, "id" | "ed25519">>;

const DEFAULTS = defaultsOf(SETTINGS);

/** Null is left where the service's own settings decide, or something is generated. */
export const withDefaults = (settings: Partial<EndpointRequest>) => ({ ...DEFAULTS, ...settings });
