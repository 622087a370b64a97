/** Options that several commands understand, or that come many at a time: each described once, for grammar.ts. */

import { AUDIT_ACTIONS } from "../core/audit.ts";
import { DELIVERY_STATUSES } from "../core/delivery.ts";
import { OUTCOME_KINDS } from "../core/outcome.ts";
import { BURY_REASONS } from "../core/verdict.ts";
import { defaultText, type Setting, type SettingOption, type Table } from "../endpoints/setting.ts";
import { SETTINGS } from "../endpoints/settings.ts";

export interface OptionSpec extends Omit<SettingOption, "reading"> {
  readonly doc: string;
  /** One letter, as in `-h`. */
  readonly short?: string;
}

/** One that takes a value, written as in help. */
export const option = (
  name: string,
  value: string,
  doc: string,
  choices?: OptionSpec["choices"],
): OptionSpec => ({
  name,
  value,
  doc,
  ...(choices !== undefined && { choices }),
});

export const several = (...spec: Parameters<typeof option>): OptionSpec => ({
  ...option(...spec),
  isRepeatable: true,
});

export const toggle = (name: string, doc: string): OptionSpec => ({ name, value: null, doc });

/** Understood by every command. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  toggle("json", "Print one JSON document instead of text; errors too."),
  {
    ...toggle("help", "Explain the command, or a family of them, instead of running it; or `-h`."),
    short: "h",
  },
  { ...toggle("version", "Print the version; or `-v`."), short: "v" },
];

/** The address of the service. */
export const serviceOptions: readonly OptionSpec[] = [
  option("api", "<url>", "The service's API, instead of HOOKWAVE_URL."),
  option("redis", "<url>", "Without the service's API, straight on its Redis."),
];

/** The options of a table's settings, in its order and words. */
export const optionsFor = (table: Table): readonly OptionSpec[] => Object.values(table).flatMap(optionFor);

function optionFor(setting: Setting): readonly OptionSpec[] {
  if ("none" in setting.option) return [];
  const { reading: _, ...spec } = setting.option;
  const repetition = spec.isRepeatable === true ? " May be given several times." : "";
  const fallback = spec.value === null ? "" : ` Default: ${defaultText(setting)}.`;
  return [{ ...spec, doc: spec.doc ?? `${setting.doc}${repetition}${fallback}` }];
}

const { profile, signatureHeader, replayProtection, signaturePrefix } = SETTINGS;
const { signatureEncoding, signedContent } = SETTINGS;
/** Of one who signs in an endpoint's place. */
const signing = {
  profile,
  replayProtection,
  signaturePrefix,
  signatureHeader,
  signatureEncoding,
  signedContent,
};
export const signerOptions = optionsFor(signing);

/** A receiver's knowledge of its sender. */
export const receiverOptions: readonly OptionSpec[] = [
  several(
    "secret",
    "<text>",
    "The receiver's secret, or public key (whpk_); several while it is being rotated.",
  ),
  ...optionsFor({ profile, signatureHeader, signedContent }),
  option(
    "url",
    "<url>",
    "ai-core: the URL as the sender knows it, which it signs; guessed from the request when absent.",
  ),
];

const { id: _id, ed25519: _pair, isActive: _isActive, ...changeable } = SETTINGS;
/** Settings of an endpoint that is there; switching it on and off has commands of its own. */
export const CHANGEABLE = changeable;

/** Of every list. */
export const placeOptions: readonly OptionSpec[] = [
  option("limit", "<n>", "How many to show, 1–1,000 (default 20)."),
  option("after", "<cursor>", "Go on behind an earlier page; it names the cursor."),
];

const MOMENT = "RFC 3339, or how long ago: 2h";
export const spanOptions = (what: string): readonly OptionSpec[] => [
  option("since", "<time>", `Only those ${what} then or later (${MOMENT}).`),
  option("until", "<time>", `Only those ${what} before.`),
];

const typeOption = option("type", "<type>", "Only events of this type, or of a family such as job.*");
/** Of a replay. */
export const rateOption = option("rate", "<n>", "Letters per second, 1–10,000 (default 50).");

export const letterFilter: readonly OptionSpec[] = [
  option("endpoint", "<id>", "Only those of this endpoint."),
  typeOption,
  option(
    "reason",
    "<reason>",
    "Only those given up because of this: exhausted, final_status, gone, …",
    BURY_REASONS,
  ),
  ...spanOptions("buried"),
];

export const bridgeOptions: readonly OptionSpec[] = [
  option(
    "channel",
    "<name>",
    "Hear this channel. Lossy: what is published while the connection is down is gone.",
  ),
  option("list", "<name>", "Take everything from this list; loses nothing."),
  toggle("takeover", "With --list: yes, whoever else pops from it gets nothing any more."),
  option("from", "<url>", "The Redis to read, instead of LEGACY_REDIS_URL (else REDIS_URL)."),
  option("type", "<type>", "The type of the events (default model.registered)."),
  option(
    "name",
    "<name>",
    "With --list: names its processing list, and must be the same after a restart (default bridge).",
  ),
];

/** Of the evidence for the next step of a migration. */
export const reportOptions: readonly OptionSpec[] = [
  option("since", "<duration>", "How far to look back, 1m to 1d (default 1h)."),
  option("min-events", "<n>", "Fewer events are no evidence (default 100)."),
  option("listeners", "<n>", "Listeners that the channel ought to have (default 1)."),
  option("p99", "<duration>", "What the 99th percentile of webhooks is to keep (default 5s)."),
];

export const witnessOptions: readonly OptionSpec[] = [
  option("for", "<duration>", "End after so long, 1s to 7d; at Ctrl-C when absent."),
  option("grace", "<duration>", "How long the other way may take, 1s to 1h (default 60s)."),
  option("from", "<url>", "The Redis that holds the bus, instead of LEGACY_REDIS_URL."),
  option(
    "channel",
    "<name>",
    "The channel, instead of LEGACY_REDIS_CHANNEL; {type} in it stands for the type.",
  ),
  option("endpoint", "<id>", "The endpoint to compare with, instead of LEGACY_REDIS_ENDPOINT."),
];

/** Of the list of changes. */
export const auditOptions: readonly OptionSpec[] = [
  option(
    "target",
    "<id>",
    "Only what was changed of this endpoint, key, event, delivery, dead letter or replay.",
  ),
  option("action", "<action>", "Only this, such as endpoint.secret_rotated.", AUDIT_ACTIONS),
  option("by", "<id>", "Only what this key has changed; command, loopback, program, environment or service."),
  ...placeOptions,
];

/** Of a receiver on this machine. */
export const listenOptions: readonly OptionSpec[] = [
  option(
    "events",
    "<a,b>",
    "Make an endpoint for these types, and remove it at the end: nothing else is needed to see them.",
  ),
  option("port", "<n>", "Where to listen on loopback (default 8421); 0 takes a free port."),
  ...receiverOptions,
  option("forward-to", "<url>", "Let this server answer: it gets the same bytes and headers."),
  option("fail-rate", "<share>", "Answer 500 to this share of requests on purpose: 0.3."),
  option("delay", "<duration>", "Wait this long before each answer: 2s."),
];

/** Of the list of a receiver's attempts. */
export const logsFilter: readonly OptionSpec[] = [
  option("status", "<status>", "Only those that left their delivery delivered, retrying or failed.", [
    "delivered",
    "retrying",
    "failed",
  ]),
  typeOption,
  ...spanOptions("made"),
  ...placeOptions,
];

/** Of the attempts as they are made. */
export const tailOptions: readonly OptionSpec[] = [
  option("endpoint", "<id>", "Only those at this endpoint."),
  typeOption,
  option(
    "outcome",
    "<outcome>",
    "Only those that came to this: delivered, refused, unreachable, blocked; or that left their delivery retrying or failed.",
    [...OUTCOME_KINDS, "retrying", "failed"],
  ),
];

/** Of the list of deliveries. */
export const deliveriesFilter: readonly OptionSpec[] = [
  option("event", "<id>", "Only those of this event."),
  option("endpoint", "<id>", "Only those to this endpoint."),
  option(
    "status",
    "<status>",
    "Only those that are held, retrying, delivered, buried or cancelled.",
    DELIVERY_STATUSES,
  ),
  ...spanOptions("created"),
  ...placeOptions,
];

/** Of the feed of events. */
export const eventsFilter: readonly OptionSpec[] = [
  typeOption,
  option("since", "<time>", "Taken on then or later (RFC 3339, or how long ago: 2h)."),
  option("limit", "<n>", "How many to show, 1–100 (default 20)."),
  option("after", "<cursor>", "Go on behind an earlier page; it names the cursor."),
];
