/**
 * Every command and option, once: parsing, `hookwave help` and the test of docs/cli.md all read this table. It
 * says what may be written on a command line; what is done about it is in commands/.
 */
export interface OptionSpec {
  /** Without the dashes. */
  readonly name: string;
  /** What stands for the value in help; null for a switch. */
  readonly value: string | null;
  readonly doc: string;
  readonly isRepeatable?: boolean;
}

export interface CommandSpec {
  /** As it is written: `dead-letters replay`. */
  readonly name: string;
  /** What follows the name, in order; `[…]` marks what may be left out. */
  readonly operands: readonly string[];
  readonly doc: string;
  readonly options: readonly OptionSpec[];
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

const redis: OptionSpec = {
  name: "redis",
  value: "<url>",
  doc: "The service's Redis, instead of REDIS_URL or the embedded server of a running service.",
};

const endpointOptions: readonly OptionSpec[] = [
  { name: "id", value: "<id>", doc: "Its id: 1–64 of A–Z a–z 0–9 _ -; replaces an endpoint that has it." },
  { name: "events", value: "<a,b>", doc: "What it receives: types, families such as job.*, or * (default)." },
  { name: "profile", value: "<name>", doc: "The wire profile: standard (default) or hokusai." },
  {
    name: "secret",
    value: "<text>",
    doc: "Signs what it receives; twice while rotating, newest first. Generated when absent.",
    isRepeatable: true,
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
  { name: "replay-protection", value: null, doc: "hokusai: sign a timestamp and a nonce, too." },
  { name: "bare-signature", value: null, doc: "hokusai: leave out `sha256=` before the signature." },
];

const letterFilter: readonly OptionSpec[] = [
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

export const COMMANDS: readonly CommandSpec[] = [
  {
    name: "start",
    operands: [],
    doc: "Run the service, configured by the environment (docs/configuration.md).",
    options: [{ name: "role", value: "<role>", doc: "all, api or worker, instead of HOOKWAVE_ROLE." }],
  },
  {
    name: "demo",
    operands: [],
    doc: "Watch deliveries succeed, be retried, become a dead letter and be replayed; takes about 65 s.",
    options: [
      { name: "keep", value: null, doc: "Leave everything running afterwards, until Ctrl-C." },
      { name: "fast", value: null, doc: "Wait a twentieth of the real schedule." },
    ],
  },
  {
    name: "publish",
    operands: ["<type>", "<json|@file|->"],
    doc: "Publish one event; its data is sent as exactly the bytes given here, in a file or on stdin.",
    options: [
      { name: "id", value: "<id>", doc: "Its webhook-id; publishing the same one again does nothing." },
      { name: "timestamp", value: "<time>", doc: "When it happened (RFC 3339); now when absent." },
      {
        name: "durability",
        value: "<level>",
        doc: "redis, replicated or fsync: how safe it must be to count as published (PUBLISH_DURABILITY).",
      },
      redis,
    ],
  },
  {
    name: "endpoints add",
    operands: ["<url>"],
    doc: "Add a receiver and show its secret, this once.",
    options: [...endpointOptions, redis],
  },
  { name: "endpoints list", operands: [], doc: "List the receivers, secrets masked.", options: [redis] },
  {
    name: "endpoints remove",
    operands: ["<id>"],
    doc: "Remove a receiver; what is still owed to it becomes dead letters.",
    options: [redis],
  },
  {
    name: "dead-letters list",
    operands: [],
    doc: "List what was given up, newest first.",
    options: [
      ...letterFilter,
      { name: "limit", value: "<n>", doc: "How many to show, 1–1,000 (default 20)." },
      { name: "after", value: "<cursor>", doc: "Go on behind an earlier page; it names the cursor." },
      redis,
    ],
  },
  {
    name: "dead-letters show",
    operands: ["<id>"],
    doc: "Show one dead letter with its event and all its attempts.",
    options: [redis],
  },
  {
    name: "dead-letters replay",
    operands: ["[<id>]"],
    doc: "Send one again, from the first attempt on and under the same webhook-id; or all of them.",
    options: [
      {
        name: "all",
        value: null,
        doc: "Replay every dead letter there is now, or those of the options below.",
      },
      ...letterFilter,
      { name: "rate", value: "<n>", doc: "Letters per second, 1–10,000 (default 50)." },
      { name: "to", value: "<id>", doc: "Send them to this endpoint instead of the one they were owed to." },
      redis,
    ],
  },
  {
    name: "dead-letters purge",
    operands: [],
    doc: "Remove dead letters for good: all of them, or those of the options below.",
    options: [{ name: "yes", value: null, doc: "Yes, for good." }, ...letterFilter, redis],
  },
  {
    name: "keys create",
    operands: ["<name>"],
    doc: "Make an API key and show its token, this once. The first key ends the time when none is asked for.",
    options: [
      {
        name: "role",
        value: "<role>",
        doc: "What it may do: publish, read or admin (everything); may be given more than once.",
        isRepeatable: true,
      },
      redis,
    ],
  },
  { name: "keys list", operands: [], doc: "List the API keys, without their tokens.", options: [redis] },
  {
    name: "keys revoke",
    operands: ["<id>"],
    doc: "Revoke an API key; every process refuses it within a second.",
    options: [redis],
  },
  {
    name: "status",
    operands: [],
    doc: "Count what is new, trying again and given up, with the oldest age of each.",
    options: [redis],
  },
  { name: "help", operands: ["[<command>]"], doc: "Explain all commands, or one.", options: [] },
];

/** Written after the dashes. */
export function optionsOf(command: CommandSpec): readonly OptionSpec[] {
  return [...command.options, ...GLOBAL_OPTIONS];
}
