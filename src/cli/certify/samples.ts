/**
 * The events that receivers are tested with: what each family knows, under ids of their own, so that nobody's
 * inbox takes one for another. Where a family's data has an id, it is the event's.
 */
import { catalogue } from "../../catalogue/catalogue.ts";
import { asEventId } from "../../core/brand.ts";
import type { ProfileName } from "../../core/endpoint.ts";
import type { PublishedEvent } from "../../core/event.ts";

interface Identity {
  readonly id: string;
  readonly uuid: string;
}

interface Sample {
  readonly type: string;
  /** `more` are further members, where the profile carries them. */
  readonly data: (identity: Identity, more: object) => object;
}

/** Without a type in the catalogue: a receiver answers 2xx to what it does not know. */
const TYPE = "hookwave.certify";
const { "model.registered": model, "job.completed": job } = catalogue;
const { task_completed: task, "workflow.completed": workflow } = catalogue;

const SAMPLES: Readonly<Record<ProfileName, Sample>> = {
  standard: { type: TYPE, data: ({ id }, more) => ({ id, ...more }) },
  hokusai: {
    type: "model.registered",
    data: ({ uuid }, more) => ({ ...model.example, idempotency_key: uuid, ...more }),
  },
  // Its body has room for nothing beside `data`.
  klipstream: {
    type: "job.completed",
    data: ({ uuid }, more) => ({ ...job.example, job_id: uuid, data: { ...job.example.data, ...more } }),
  },
  "ai-core": {
    type: "task_completed",
    data: ({ uuid }, more) => ({ ...task.example, task_id: uuid, ...more }),
  },
  "llm-service": {
    type: "workflow.completed",
    data: ({ uuid }, more) => ({ ...workflow.example, job_id: uuid, ...more }),
  },
  github: {
    type: "ping",
    data: ({ id }, more) => ({ zen: "Keep it logically awesome.", hook_id: id, ...more }),
  },
  stripe: { type: TYPE, data: ({ id }, more) => ({ id, object: "event", type: TYPE, ...more }) },
  hmac: { type: TYPE, data: ({ id }, more) => ({ id, type: TYPE, ...more }) },
};

/** An event of the family, its data `dataBytes` long where that is asked for. */
export function sampleEvent(
  profile: ProfileName,
  uuid: string,
  nowMs: number,
  dataBytes?: number,
): PublishedEvent {
  const { type, data } = SAMPLES[profile];
  const id = `evt_certify_${uuid.replaceAll("-", "")}`;
  const text = (padding: string): string => JSON.stringify(data({ id, uuid }, { padding }));
  const missing = dataBytes === undefined ? 0 : dataBytes - text("").length;
  return {
    id: asEventId(id),
    type,
    timestamp: new Date(nowMs).toISOString(),
    data: dataBytes === undefined ? JSON.stringify(data({ id, uuid }, {})) : text("x".repeat(missing)),
  };
}
