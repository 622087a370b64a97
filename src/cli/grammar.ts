/**
 * Every command with its options, once: parsing, `hookwave help` and the test of docs/cli.md all read this table. It
 * says what may be written on a command line; what is done about it is in commands/.
 */
import { ROLES } from "../core/access.ts";
import { DURABILITIES } from "../core/durability.ts";
import { BACKLOG_CHOICES } from "../core/migration.ts";
import { ROTATION } from "../endpoints/rotation.ts";
import { SETTINGS } from "../endpoints/settings.ts";
import { type CommandSpec, command, remote } from "./command-spec.ts";
import { inboxCommands } from "./inbox-grammar.ts";
import {
  auditOptions,
  bridgeOptions,
  CHANGEABLE,
  deliveriesFilter,
  eventsFilter,
  letterFilter,
  listenOptions,
  logsFilter,
  option,
  optionsFor,
  placeOptions,
  rateOption,
  receiverOptions,
  reportOptions,
  several,
  signerOptions,
  tailOptions,
  toggle,
  witnessOptions,
} from "./options.ts";

/** Commands for one purpose, under a title of the overview. */
interface CommandGroup {
  readonly title: string;
  readonly commands: readonly CommandSpec[];
}

export const GROUPS: readonly CommandGroup[] = [
  {
    title: "Run",
    commands: [
      command("start", "Run the service, configured by the environment (docs/configuration.md).", [
        option("role", "<role>", "all, api or worker, instead of HOOKWAVE_ROLE.", ["all", "api", "worker"]),
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
      command(
        "redis-url",
        "Print the URL of the Redis that a service of this directory uses, with its password, for REDIS_URL of a publisher.",
      ),
    ],
  },
  {
    title: "Publish",
    commands: [
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
            DURABILITIES,
          ),
        ],
      ),
      remote("trigger <type>", "Publish the catalogue's example of a known type.", [
        option("id", "<id>", "Its webhook-id; made when absent."),
      ]),
    ],
  },
  {
    title: "Look",
    commands: [
      remote(
        "why <event> [<endpoint>]",
        "Say what became of an event at each endpoint, or at one: its delivery, or why there is none.",
      ),
      remote("status", "Count what is new, trying again and given up, with the oldest age of each."),
      remote(
        "doctor",
        "Look at settings, Redis, work and receivers, and say what is wrong and what to do; 1 for warnings, 2 if something is broken.",
        [
          several(
            "endpoint",
            "<id>",
            "Only this endpoint's receiver; may be given several times. Of all active endpoints when absent.",
          ),
        ],
      ),
      remote("tail", "Show attempts as they are made, until Ctrl-C; lines of JSON with --json.", tailOptions),
      remote(
        "events list",
        "List what was published, oldest first: that of the last hour unless said otherwise.",
        eventsFilter,
      ),
      remote("events show <id>", "Show one event with its data and its deliveries."),
      remote("events replay <id>", "Send an event again, to all it was owed to.", [
        option("endpoint", "<id>", "Only to this one, which need not have had it."),
      ]),
      remote("deliveries list", "List deliveries, those of the newest events first.", deliveriesFilter),
      remote(
        "deliveries show <id>",
        "Show one delivery, `<event>.<endpoint>`, with its attempts and the answers.",
      ),
      remote("deliveries retry <id>", "Try a delivery now that waits or was given up."),
      remote("deliveries cancel <id>", "Try a delivery that waits no more."),
      remote(
        "audit",
        "List who changed what, newest first: endpoints, keys, replays, the migration.",
        auditOptions,
      ),
    ],
  },
  {
    title: "Receivers",
    commands: [
      remote("endpoints add <url>", "Add a receiver and show its secret, this once.", optionsFor(SETTINGS)),
      remote("endpoints list", "List the receivers, secrets masked: how each is, and why one fails."),
      remote("endpoints show <id>", "Show one receiver: its settings, how it is, and why it fails."),
      remote("endpoints set <id>", "Change what is given here of a receiver, and nothing else.", [
        option("url", "<url>", "Where it is from now on."),
        ...optionsFor(CHANGEABLE),
      ]),
      remote(
        "endpoints test <id>",
        "Send a test event now and show what came of it; 1 if it was not taken.",
        [
          option("type", "<type>", "Its type; webhook.test when absent."),
          option("data", "<json|@file|->", "Its data; the example of a known type, or {}, when absent."),
        ],
      ),
      remote("endpoints logs <id>", "List the attempts at one receiver, newest first.", logsFilter),
      remote("endpoints stats <id>", "Show how one receiver has done, in all and by the hour."),
      remote("endpoints remove <id>", "Remove a receiver; what is still owed to it becomes dead letters."),
      remote("endpoints enable <id>", "Deliver to a receiver (again), and say what it has missed.", [
        toggle("replay", "Send that again: its dead letters since it failed, or was switched off."),
        option("since", "<time>", "Those given up from then on (RFC 3339), instead."),
        rateOption,
      ]),
      remote(
        "endpoints disable <id>",
        "Deliver nothing to a receiver; what waits for it becomes dead letters.",
        [option("because", "<text>", "The reason, for whoever lists it.")],
      ),
      remote(
        "endpoints rotate <id>",
        "Give a receiver a new secret and show it, this once; those before it still sign for a while.",
        optionsFor(ROTATION),
      ),
    ],
  },
  {
    title: "Dead letters",
    commands: [
      remote("dead-letters list", "List what was given up, newest first.", [
        ...letterFilter,
        ...placeOptions,
      ]),
      remote("dead-letters show <id>", "Show one dead letter with its event and all its attempts."),
      remote(
        "dead-letters replay [<id>]",
        "Send one again, from the first attempt on and under the same webhook-id; or all of them.",
        [
          toggle("all", "Replay every dead letter there is now, or those of the options below."),
          ...letterFilter,
          rateOption,
          option("to", "<id>", "Send them to this endpoint instead of the one they were owed to."),
        ],
      ),
      remote(
        "dead-letters purge",
        "Remove dead letters for good: all of them, or those of the options below.",
        [toggle("yes", "Yes, for good."), ...letterFilter],
      ),
      remote("replays list", "List the replays that are remembered, newest first.", placeOptions),
      remote("replays show <id>", "Show how far a replay is that `dead-letters replay --all` has begun."),
      remote("replays pause <id>", "Stop a replay for now."),
      remote("replays resume <id>", "Go on with a paused replay."),
      remote("replays cancel <id>", "End a replay; what it has not sent yet stays a dead letter."),
    ],
  },
  {
    title: "Inbox",
    commands: inboxCommands,
  },
  {
    title: "API keys",
    commands: [
      remote(
        "keys create <name>",
        "Make an API key and show its token, this once. The first key ends the time when none is asked for.",
        [
          several(
            "role",
            "<role>",
            "What it may do: publish, read or admin (everything); may be given more than once.",
            ROLES,
          ),
        ],
      ),
      remote("keys list", "List the API keys, without their tokens."),
      remote("keys revoke <id>", "Revoke an API key; every process refuses it within a second."),
    ],
  },
  {
    title: "Move from Redis pub/sub",
    commands: [
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
          option(
            "backlog",
            "<choice>",
            "deliver or discard: what becomes of webhooks that redis has kept.",
            BACKLOG_CHOICES,
          ),
          option("percent", "<share>", "By webhook in dual and primary: 10, or model.registered=10,*=50."),
        ],
      ),
      remote(
        "migration report",
        "Compare both ways, and say whether the next step is safe; 2 if it is not.",
        reportOptions,
      ),
      remote(
        "migration watch",
        "Listen to the bus itself and compare what is heard with what is delivered; 2 if they differ.",
        witnessOptions,
      ),
    ],
  },
  {
    title: "For those who receive",
    commands: [
      remote(
        "listen",
        "Receive webhooks on this machine, verify them and show what came, until Ctrl-C.",
        listenOptions,
      ),
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
    ],
  },
  {
    title: "This command",
    commands: [
      command("completion <shell>", "Print a script that completes these words in bash, zsh or fish."),
      command("help [<command>]", "Explain all commands, or one."),
    ],
  },
];

export const COMMANDS: readonly CommandSpec[] = GROUPS.flatMap(({ commands }) => commands);
