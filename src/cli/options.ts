/** Options that several commands understand, or that come many at a time: each described once, for grammar.ts. */
import { defaultText, type Setting, type SettingOption, type Table } from "../endpoints/setting.ts";
import { SETTINGS } from "../endpoints/settings.ts";

export interface OptionSpec extends Omit<SettingOption, "reading"> {
  readonly doc: string;
}

/** One that takes a value, written as in help. */
export const option = (name: string, value: string, doc: string): OptionSpec => ({ name, value, doc });

export const several = (name: string, value: string, doc: string): OptionSpec => ({
  ...option(name, value, doc),
  isRepeatable: true,
});

export const toggle = (name: string, doc: string): OptionSpec => ({ name, value: null, doc });

/** Understood by every command. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  toggle("json", "Print one JSON document instead of text; errors too."),
  toggle("help", "Explain the command instead of running it."),
  toggle("version", "Print the version."),
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
/** Of one who signs in an endpoint's place. */
export const signerOptions = optionsFor({ profile, replayProtection, signaturePrefix, signatureHeader });

/** A receiver's knowledge of its sender. */
export const receiverOptions: readonly OptionSpec[] = [
  several(
    "secret",
    "<text>",
    "The receiver's secret, or public key (whpk_); several while it is being rotated.",
  ),
  ...optionsFor({ profile, signatureHeader }),
  option(
    "url",
    "<url>",
    "ai-core: the URL as the sender knows it, which it signs; guessed from the request when absent.",
  ),
];

export const letterFilter: readonly OptionSpec[] = [
  option("endpoint", "<id>", "Only those of this endpoint."),
  option("type", "<type>", "Only events of this type, or of a family such as job.*"),
  option("reason", "<reason>", "Only those given up because of this: exhausted, final_status, gone, …"),
  option("since", "<time>", "Only those buried then or later (RFC 3339)."),
  option("until", "<time>", "Only those buried before."),
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
