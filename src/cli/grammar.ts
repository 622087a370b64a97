/**
 * Every command with its options, once: parsing, `hookwave help` and the test of docs/cli.md all read this table. It
 * says what may be written on a command line; what is done about it is in commands/.
 */
import { ROTATION } from "../endpoints/rotation.ts";
import { SETTINGS } from "../endpoints/settings.ts";
import {
  bridgeOptions,
  GLOBAL_OPTIONS,
  letterFilter,
  type OptionSpec,
  option,
  optionsFor,
  receiverOptions,
  serviceOptions,
  several,
  signerOptions,
  toggle,
} from "./options.ts";

export interface CommandSpec {
  /** As it is written: `dead-letters replay`. */
  readonly name: string;
  /** Words that follow the name, in order; `[…]` marks what may be left out. */
  readonly operands: readonly string[];
  readonly doc: string;
  readonly options: readonly OptionSpec[];
}

export const COMMANDS: readonly CommandSpec[] = [
  command("start", "Run the service, configured by the environment (docs/configuration.md).", [
    option("role", "<role>", "all, api or worker, instead of HOOKWAVE_ROLE."),
  ]),
  command(
    "demo",
    "Watch deliveries succeed, be retried, become a dead letter and be replayed; takes about 65 s.",
    [
      toggle("keep", "Leave everything running afterwards, until Ctrl-C."),
      toggle("fast", "Wait a twentieth of the real schedule."),
      toggle(
        "migration",
        "Watch the move from Redis pub/sub to webhooks instead, and the way back, under load; takes about 45 s.",
      ),
    ],
  ),
  remote(
    "publish <type> <json|@file|->",
    "Publish one event; its data is sent as exactly the bytes given here, in a file or on stdin.",
    [
      option("id", "<id>", "Its webhook-id; publishing the same one again does nothing."),
      option("timestamp", "<time>", "When it happened (RFC 3339); now when absent."),
      option(
        "durability",
        "<level>",
        "redis, replicated or fsync: how safe it must be to count as published (PUBLISH_DURABILITY).",
      ),
    ],
  ),
  remote("endpoints add <url>", "Add a receiver and show its secret, this once.", optionsFor(SETTINGS)),
  remote("endpoints list", "List the receivers, secrets masked."),
  remote("endpoints remove <id>", "Remove a receiver; what is still owed to it becomes dead letters."),
  remote("endpoints enable <id>", "Deliver to a receiver (again)."),
  remote("endpoints disable <id>", "Deliver nothing to a receiver; what waits for it becomes dead letters.", [
    option("because", "<text>", "The reason, for whoever lists it."),
  ]),
  remote(
    "endpoints rotate <id>",
    "Give a receiver a new secret and show it, this once; those before it still sign for a while.",
    optionsFor(ROTATION),
  ),
  remote("dead-letters list", "List what was given up, newest first.", [
    ...letterFilter,
    option("limit", "<n>", "How many to show, 1–1,000 (default 20)."),
    option("after", "<cursor>", "Go on behind an earlier page; it names the cursor."),
  ]),
  remote("dead-letters show <id>", "Show one dead letter with its event and all its attempts."),
  remote(
    "dead-letters replay [<id>]",
    "Send one again, from the first attempt on and under the same webhook-id; or all of them.",
    [
      toggle("all", "Replay every dead letter there is now, or those of the options below."),
      ...letterFilter,
      option("rate", "<n>", "Letters per second, 1–10,000 (default 50)."),
      option("to", "<id>", "Send them to this endpoint instead of the one they were owed to."),
    ],
  ),
  remote("dead-letters purge", "Remove dead letters for good: all of them, or those of the options below.", [
    toggle("yes", "Yes, for good."),
    ...letterFilter,
  ]),
  remote(
    "keys create <name>",
    "Make an API key and show its token, this once. The first key ends the time when none is asked for.",
    [
      several(
        "role",
        "<role>",
        "What it may do: publish, read or admin (everything); may be given more than once.",
      ),
    ],
  ),
  remote("keys list", "List the API keys, without their tokens."),
  remote("keys revoke <id>", "Revoke an API key; every process refuses it within a second."),
  remote("status", "Count what is new, trying again and given up, with the oldest age of each."),
  command(
    "bridge",
    "Publish what a service still writes to its old Redis, a list or a channel, until Ctrl-C (docs/bridge.md).",
    bridgeOptions,
  ),
  remote(
    "migration status",
    "Show the phase of the migration, who set it and when it ends, what waits, and the bus.",
  ),
  remote(
    "migration set <phase>",
    "Set the phase for the whole fleet: dual, primary, webhook or redis; obeyed within 2 s.",
    [
      option(
        "for",
        "<duration>",
        "Come back by itself after so long, 1s to 30d, to what was set for good before.",
      ),
      option("reason", "<text>", "Why, for the history."),
      option("backlog", "<choice>", "deliver or discard: what becomes of webhooks that redis has kept."),
      option("percent", "<share>", "By webhook in dual and primary: 10, or model.registered=10,*=50."),
    ],
  ),
  remote("migration report", "Compare both ways, and say whether the next step is safe; 2 if it is not.", [
    option("since", "<duration>", "How far to look back, 1m to 1d (default 1h)."),
    option("min-events", "<n>", "Fewer events are no evidence (default 100)."),
    option("listeners", "<n>", "Listeners that the channel ought to have (default 1)."),
    option("p99", "<duration>", "What the 99th percentile of webhooks is to keep (default 5s)."),
  ]),
  remote(
    "migration watch",
    "Listen to the bus itself and compare what is heard with what is delivered; 2 if they differ.",
    [
      option("for", "<duration>", "End after so long, 1s to 7d; at Ctrl-C when absent."),
      option("grace", "<duration>", "How long the other way may take, 1s to 1h (default 60s)."),
      option("from", "<url>", "The Redis that holds the bus, instead of LEGACY_REDIS_URL."),
      option(
        "channel",
        "<name>",
        "The channel, instead of LEGACY_REDIS_CHANNEL; {type} in it stands for the type.",
      ),
      option("endpoint", "<id>", "The endpoint to compare with, instead of LEGACY_REDIS_ENDPOINT."),
    ],
  ),
  command("listen", "Receive webhooks on this machine, verify them and show what came, until Ctrl-C.", [
    option("port", "<n>", "Where to listen on loopback (default 8421); 0 takes a free port."),
    ...receiverOptions,
    option("forward-to", "<url>", "Let this server answer: it gets the same bytes and headers."),
    option("fail-rate", "<share>", "Answer 500 to this share of requests on purpose: 0.3."),
    option("delay", "<duration>", "Wait this long before each answer: 2s."),
  ]),
  command(
    "verify <file|->",
    "Diagnose a captured request as its receiver would, and say why it is refused; 0 if valid, 1 if not.",
    [
      ...receiverOptions,
      option("at", "<time>", "Diagnose it as of then (RFC 3339 or unix seconds) instead of now."),
    ],
  ),
  command(
    "certify <url>",
    "Test a receiver with valid and forged requests, and say what to mend; 1 if it fails in anything.",
    [
      several("secret", "<text>", "What the sender signs with; twice while rotating, newest first."),
      ...signerOptions,
    ],
  ),
  command("help [<command>]", "Explain all commands, or one."),
];

/** `spelling`: its name and operands, as they are written. */
function command(spelling: string, doc: string, options: readonly OptionSpec[] = []): CommandSpec {
  const words = spelling.split(" ");
  const isOperand = (word: string): boolean => /^[<[]/.test(word);
  const name = words.filter((word) => !isOperand(word)).join(" ");
  return { name, operands: words.filter(isOperand), doc, options };
}

/** One that speaks to the service. */
function remote(spelling: string, doc: string, options: readonly OptionSpec[] = []): CommandSpec {
  return command(spelling, doc, [...options, ...serviceOptions]);
}

/** Written after the dashes. */
export function optionsOf(command: CommandSpec): readonly OptionSpec[] {
  return [...command.options, ...GLOBAL_OPTIONS];
}
