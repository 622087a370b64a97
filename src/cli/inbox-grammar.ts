/** The commands about what comes in, with their options: sources, and their callbacks. A part of grammar.ts. */
import { CALLBACK_SIGNATURES } from "../core/callback.ts";
import { PROFILE_NAMES, SIGNED_CONTENTS } from "../core/endpoint.ts";
import { ON_INVALID } from "../core/source.ts";
import { type CommandSpec, remote } from "./command-spec.ts";
import { type OptionSpec, option, placeOptions, several, spanOptions, toggle } from "./options.ts";

const sourceOptions: readonly OptionSpec[] = [
  option("profile", "<name>", `The family of its requests: ${PROFILE_NAMES.join(", ")}.`, PROFILE_NAMES),
  several(
    "secret",
    "<text>",
    "Its secret, or public key (whpk_); several while it is being rotated, newest first.",
  ),
  option(
    "on-invalid",
    "<choice>",
    "reject (401) or flag (take it and mark it) what is not signed so.",
    ON_INVALID,
  ),
  option("description", "<text>", "For people."),
  option("signature-header", "<name>", "stripe, hmac: the header that carries the signature."),
  option("signed-content", "<content>", "hmac: what the signature covers.", SIGNED_CONTENTS),
];

const callbacksFilter: readonly OptionSpec[] = [
  option("source", "<id>", "Only those of this source."),
  option("type", "<type>", "Only those of this type, or of a family such as job.*"),
  option("signature", "<kind>", "Only valid, invalid or unsigned ones.", CALLBACK_SIGNATURES),
  toggle("unseen", "Only those that nobody has seen."),
  ...spanOptions("received"),
  ...placeOptions,
];

const forwardOptions: readonly OptionSpec[] = [
  option("endpoint", "<id>", "To this one alone, whatever it has subscribed to."),
];

export const inboxCommands: readonly CommandSpec[] = [
  remote(
    "sources add <id>",
    "Take callbacks in at /in/<id>, signed with a secret of their sender.",
    sourceOptions,
  ),
  remote("sources list", "List the sources of callbacks, without their secrets."),
  remote("sources show <id>", "Show one source."),
  remote("sources set <id>", "Change what is given here of a source, and nothing else.", sourceOptions),
  remote("sources remove <id>", "Remove a source; what it has sent stays until its time is over."),
  remote("callbacks list", "List the callbacks that came in, newest first.", callbacksFilter),
  remote("callbacks show <id>", "Show one callback with its headers and its body."),
  remote(
    "callbacks seen <id>…",
    "Say of callbacks that they have been seen, as the console does of one that is opened.",
  ),
  remote(
    "callbacks forward <id>",
    "Publish a callback as an event of type callback.<source>, its body as data.",
    forwardOptions,
  ),
];
