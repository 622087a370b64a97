/**
 * Every command with its options, once: parsing, `hookwave help` and the test of docs/cli.md all read this table. It
 * says what may be written on a command line; what is done about it is in commands/.
 */
import { ROTATION } from "../endpoints/rotation.ts";
import { SETTINGS } from "../endpoints/settings.ts";
import {
  GLOBAL_OPTIONS,
  letterFilter,
  type OptionSpec,
  optionsFor,
  receiverOptions,
  serviceOptions,
  signerOptions,
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
      ...serviceOptions,
    ],
  },
  {
    name: "endpoints add",
    operands: ["<url>"],
    doc: "Add a receiver and show its secret, this once.",
    options: [...optionsFor(SETTINGS), ...serviceOptions],
  },
  {
    name: "endpoints list",
    operands: [],
    doc: "List the receivers, secrets masked.",
    options: serviceOptions,
  },
  {
    name: "endpoints remove",
    operands: ["<id>"],
    doc: "Remove a receiver; what is still owed to it becomes dead letters.",
    options: serviceOptions,
  },
  {
    name: "endpoints enable",
    operands: ["<id>"],
    doc: "Deliver to a receiver (again).",
    options: serviceOptions,
  },
  {
    name: "endpoints disable",
    operands: ["<id>"],
    doc: "Deliver nothing to a receiver; what waits for it becomes dead letters.",
    options: [
      { name: "because", value: "<text>", doc: "The reason, for whoever lists it." },
      ...serviceOptions,
    ],
  },
  {
    name: "endpoints rotate",
    operands: ["<id>"],
    doc: "Give a receiver a new secret and show it, this once; those before it still sign for a while.",
    options: [...optionsFor(ROTATION), ...serviceOptions],
  },
  {
    name: "dead-letters list",
    operands: [],
    doc: "List what was given up, newest first.",
    options: [
      ...letterFilter,
      { name: "limit", value: "<n>", doc: "How many to show, 1–1,000 (default 20)." },
      { name: "after", value: "<cursor>", doc: "Go on behind an earlier page; it names the cursor." },
      ...serviceOptions,
    ],
  },
  {
    name: "dead-letters show",
    operands: ["<id>"],
    doc: "Show one dead letter with its event and all its attempts.",
    options: serviceOptions,
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
      ...serviceOptions,
    ],
  },
  {
    name: "dead-letters purge",
    operands: [],
    doc: "Remove dead letters for good: all of them, or those of the options below.",
    options: [{ name: "yes", value: null, doc: "Yes, for good." }, ...letterFilter, ...serviceOptions],
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
      ...serviceOptions,
    ],
  },
  {
    name: "keys list",
    operands: [],
    doc: "List the API keys, without their tokens.",
    options: serviceOptions,
  },
  {
    name: "keys revoke",
    operands: ["<id>"],
    doc: "Revoke an API key; every process refuses it within a second.",
    options: serviceOptions,
  },
  {
    name: "status",
    operands: [],
    doc: "Count what is new, trying again and given up, with the oldest age of each.",
    options: serviceOptions,
  },
  {
    name: "listen",
    operands: [],
    doc: "Receive webhooks on this machine, verify them and show what came, until Ctrl-C.",
    options: [
      { name: "port", value: "<n>", doc: "Where to listen on loopback (default 8421); 0 takes a free port." },
      ...receiverOptions,
      {
        name: "forward-to",
        value: "<url>",
        doc: "Let this server answer: it gets the same bytes and headers.",
      },
      { name: "fail-rate", value: "<share>", doc: "Answer 500 to this share of requests on purpose: 0.3." },
      { name: "delay", value: "<duration>", doc: "Wait this long before each answer: 2s." },
    ],
  },
  {
    name: "verify",
    operands: ["<file|->"],
    doc: "Diagnose a captured request as its receiver would, and say why it is refused; 0 if valid, 1 if not.",
    options: [
      ...receiverOptions,
      {
        name: "at",
        value: "<time>",
        doc: "Diagnose it as of then (RFC 3339 or unix seconds) instead of now.",
      },
    ],
  },
  {
    name: "certify",
    operands: ["<url>"],
    doc: "Test a receiver with valid and forged requests, and say what to mend; 1 if it fails in anything.",
    options: [
      {
        name: "secret",
        value: "<text>",
        doc: "What the sender signs with; twice while rotating, newest first.",
        isRepeatable: true,
      },
      ...signerOptions,
    ],
  },
  { name: "help", operands: ["[<command>]"], doc: "Explain all commands, or one.", options: [] },
];

/** Written after the dashes. */
export function optionsOf(command: CommandSpec): readonly OptionSpec[] {
  return [...command.options, ...GLOBAL_OPTIONS];
}
