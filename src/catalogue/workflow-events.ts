/**
 * Events of the LLM workflow service, for its admin site. The data is the request body as it stands, so it names its
 * own `event`, which has to be the event's type; the other fields vary by event.
 */
import { z } from "zod";
import { anyObject, anyText, moment, notNegative, number, object, text } from "./fields.ts";
import { known } from "./known-event.ts";

function workflowSchema<const Type extends string>(type: Type) {
  return object({
    event: z.literal(type, JSON.stringify(type)),
    job_id: text,
    workflow_name: text.nullish(),
    result: z.unknown().optional(),
    tokens: anyObject.nullish(),
    cost_usd: number.nullish(),
    duration_ms: number.nullish(),
    timestamp: anyText.nullish(),
    debug: z.unknown().optional(),
  });
}

/** The admin site keeps a callback as it comes and shows it. */
const custom = object({
  cost_usd: notNegative.nullish(),
  duration_ms: notNegative.nullish(),
  timestamp: moment.nullish(),
});

function workflow<const Type extends string>(
  type: Type,
  description: string,
  example: z.input<ReturnType<typeof workflowSchema<Type>>>,
) {
  return known(workflowSchema(type), description, example, custom);
}

const about = {
  job_id: "wf_20250304_17",
  workflow_name: "invoice-review",
  timestamp: "2025-03-04T05:06:07Z",
};

export const workflowEvents = {
  "workflow.completed": workflow("workflow.completed", "A workflow is done.", {
    event: "workflow.completed",
    ...about,
    result: { approved: true },
    tokens: { prompt: 1_204, completion: 310 },
    cost_usd: 0.0123,
    duration_ms: 4_180,
  }),
  "workflow.failed": workflow("workflow.failed", "A workflow has failed for good.", {
    event: "workflow.failed",
    ...about,
    duration_ms: 61_000,
    debug: { step: "extract", reason: "context_length_exceeded" },
  }),
  "llm.step.completed": workflow("llm.step.completed", "One model call of a workflow is done.", {
    event: "llm.step.completed",
    ...about,
    result: "Total: 1,240.00 EUR",
    tokens: { prompt: 402, completion: 18 },
    cost_usd: 0.0009,
    duration_ms: 730,
  }),
};
