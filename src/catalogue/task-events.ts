/**
 * Events of the AI task service, for the API that started a task. The data is ai-core's `event_payload`; its `event_id`
 * and `event_name` are the event's own id and type.
 */
import { z } from "zod";
import { label, moment, notNegative, object, percent, text, uuid } from "./fields.ts";
import { known } from "./known-event.ts";

const task = { task_id: uuid, timestamp: moment };

const started = object(task);

const progress = object({
  ...task,
  progress: percent,
  message: z.string("a text").nullish(),
  current_step: label.nullish(),
});

const completed = object({
  ...task,
  status: text.nullish(),
  result: z.unknown().optional(),
  processing_time_ms: notNegative.nullish(),
});

const failed = object({
  ...task,
  status: text.nullish(),
  error: object({ code: label, message: z.string("a text") }),
});

const about = { task_id: "9b2e4c1a-6f0d-4d3b-8a75-1c2d3e4f5a6b", timestamp: "2025-03-04T05:06:07Z" };

export const taskEvents = {
  task_started: known(started, "The service has begun to work on a task.", about),
  task_progress: known(progress, "A task is on its way.", {
    ...about,
    progress: 40,
    message: "Reading the document",
    current_step: "extract",
  }),
  task_completed: known(completed, "A task is done.", {
    ...about,
    status: "completed",
    result: { summary: "Three findings" },
    processing_time_ms: 5_230,
  }),
  task_failed: known(failed, "A task has failed for good.", {
    ...about,
    status: "failed",
    error: { code: "MODEL_TIMEOUT", message: "The model did not answer within 60 s" },
  }),
};
