/**
 * The event types that are known by name, with the schema of their data, and what that means for a compiler. A
 * type that is not listed is a custom one: any JSON object may be its data.
 */
import type { z } from "zod";
import { jobEvents } from "./job-events.ts";
import { modelEvents } from "./model-events.ts";
import { taskEvents } from "./task-events.ts";
import { webhookEvents } from "./webhook-events.ts";
import { workflowEvents } from "./workflow-events.ts";

export const catalogue = {
  ...modelEvents,
  ...jobEvents,
  ...taskEvents,
  ...workflowEvents,
  ...webhookEvents,
} as const;

export type KnownEventType = keyof typeof catalogue;

type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** Objects that `JSON.stringify` writes without losing anything but members that are undefined. */
export interface JsonObject {
  readonly [member: string]: JsonValue | undefined;
}

/** The data a producer passes with an event of this type. */
export type EventData<Type extends string> = Type extends KnownEventType
  ? z.input<(typeof catalogue)[Type]["schema"]>
  : JsonObject;

/** Own keys only: `constructor` and `__proto__` are event types like any other. */
export function isKnownEventType(type: string): type is KnownEventType {
  return Object.hasOwn(catalogue, type);
}
