/** Options that several commands understand, or that come many at a time: each described once, for grammar.ts. */
import { defaultText, type Setting, type SettingOption, type Table } from "../endpoints/setting.ts";
import { SETTINGS } from "../endpoints/settings.ts";

export interface OptionSpec extends Omit<SettingOption, "reading"> {
  readonly doc: string;
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

/** The options of a table's settings, in its order and words. */
export const optionsFor = (table: Table): readonly OptionSpec[] => Object.values(table).flatMap(optionFor);

function optionFor(setting: Setting): readonly OptionSpec[] {
  const { doc, option } = setting;
  if ("none" in option) return [];
  const { reading: _, ...spec } = option;
  const several = spec.isRepeatable === true ? " May be given several times." : "";
  const fallback = spec.value === null ? "" : ` Default: ${defaultText(setting)}.`;
  return [{ ...spec, doc: spec.doc ?? `${doc}${several}${fallback}` }];
}

const { profile, signatureHeader, replayProtection, signaturePrefix } = SETTINGS;
/** Of one who signs in an endpoint's place. */
export const signerOptions = optionsFor({ profile, replayProtection, signaturePrefix, signatureHeader });

/** A receiver's knowledge of its sender. */
export const receiverOptions: readonly OptionSpec[] = [
  {
    name: "secret",
    value: "<text>",
    doc: "The receiver's secret, or public key (whpk_); several while it is being rotated.",
    isRepeatable: true,
  },
  ...optionsFor({ profile, signatureHeader }),
  {
    name: "url",
    value: "<url>",
    doc: "ai-core: the URL as the sender knows it, which it signs; guessed from the request when absent.",
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
