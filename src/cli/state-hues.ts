/** Each state that a command shows, and its colour: green is well, yellow is on its way or doubtful, red wants somebody. */
import type { ShownReport } from "../api/migration-fields.ts";
import type { LOG_STATUSES } from "../api/webhook-log-fields.ts";
import type { CallbackSignature } from "../core/callback.ts";
import type { DeliveryStatus } from "../core/delivery.ts";
import type { EndpointWord } from "../core/endpoint-state.ts";
import type { OutcomeKind } from "../core/outcome.ts";
import type { ReplayState } from "../core/replay.ts";
import type { Level } from "../manage/doctor/finding.ts";
import type { Grade } from "./certify/grades.ts";
import type { Cell } from "./table.ts";
import type { Hue } from "./terminal.ts";

type ShownState =
  | EndpointWord
  | DeliveryStatus
  | "not sent"
  | (typeof LOG_STATUSES)[number]
  | OutcomeKind
  | ReplayState
  | CallbackSignature
  | ShownReport["verdict"]
  | Level
  | Grade["grade"];

export const HUES: Readonly<Record<ShownState, Hue>> = {
  active: "green",
  failing: "red",
  disabled: "dim",
  held: "yellow",
  pending: "yellow",
  retrying: "yellow",
  delivered: "green",
  buried: "red",
  failed: "red",
  cancelled: "dim",
  "not sent": "dim",
  refused: "yellow",
  unreachable: "yellow",
  blocked: "red",
  running: "yellow",
  paused: "yellow",
  done: "green",
  ok: "green",
  warning: "yellow",
  broken: "red",
  pass: "green",
  warn: "yellow",
  fail: "red",
  valid: "green",
  invalid: "red",
  unsigned: "yellow",
  safe: "green",
  unsafe: "red",
};

/** `text` says more than the state's own word. */
export const stateCell = (state: ShownState, text: string = state): Cell => ({ text, hue: HUES[state] });
