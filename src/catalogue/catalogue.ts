/**
 * The event types that are known by name, with the schema of their data, and what that means for a compiler. A
 * type that is not listed is a custom one: any JSON object may be its data.
 */
import type { z } from "zod";
import { jobEvents } from "./job-events.ts";
import { modelEvents } from "./model-events.ts";
import { operatorEvents } from "./operator-events.ts";
import { taskEvents } from "./task-events.ts";
import { webhookEvents } from "./webhook-events.ts";
import { workflowEvents } from "./workflow-events.ts";

export const catalogue = {
  ...modelEvents,
  ...jobEvents,
  ...taskEvents,
  ...workflowEvents,
  ...webhookEvents,
  ...operatorEvents,
} as const;

export type KnownEventType = keyof typeof catalogue;

/** The data of an event of this type, as its receivers get it. */
export type EventData<Type extends string> = Type extends KnownEventType
  ? z.input<(typeof catalogue)[Type]["schema"]>
  : object;

/**
 * The data that a producer passes: also one of a type with a name (an `interface`), which a compiler takes for no object
 * with further members. Of types of its own any object; what JSON cannot hold is refused when it is published.
 */
export type ProducedData<Type extends string> = EventData<Type> | Named<EventData<Type>>;

type Named<Data> = Data extends readonly (infer Item)[]
  ? readonly Named<Item>[]
  : Data extends object
    ? { [Member in keyof Data as string extends Member ? never : Member]: Named<Data[Member]> }
    : Data;

/** Own keys only: `constructor` and `__proto__` are event types like any other. */
export function isKnownEventType(type: string): type is KnownEventType {
  return Object.hasOwn(catalogue, type);
}
