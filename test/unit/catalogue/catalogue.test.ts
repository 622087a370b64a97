import { describe, expect, expectTypeOf, it } from "vitest";
import {
  catalogue,
  type EventData,
  isKnownEventType,
  type ProducedData,
} from "../../../src/catalogue/catalogue.ts";
import { validateData, warningsAbout } from "../../../src/catalogue/validate-data.ts";
import { isEventType } from "../../../src/core/event.ts";

const entries = Object.entries(catalogue);

describe("the catalogue", () => {
  it("knows the event types of the four source systems, and our own", () => {
    expect(Object.keys(catalogue).toSorted()).toEqual([
      "delivery.dead_lettered",
      "endpoint.disabled",
      "endpoint.failing",
      "endpoint.recovered",
      "job.cancelled",
      "job.completed",
      "job.failed",
      "job.progress",
      "job.stage_changed",
      "job.started",
      "llm.step.completed",
      "model.registered",
      "task_completed",
      "task_failed",
      "task_progress",
      "task_started",
      "webhook.test",
      "workflow.completed",
      "workflow.failed",
    ]);
  });

  it.each(entries)("describes %s with a publishable name and a valid example", (type, entry) => {
    expect(isEventType(type)).toBe(true);
    expect(entry.description).toMatch(/^[A-Z].*\.$/);
    expect(validateData(type, entry.example)).toEqual([]);
    expect(warningsAbout(type, entry.example)).toEqual([]);
  });

  it.each(entries)("keeps unknown fields of %s and changes nothing", (_, entry) => {
    const data = { ...entry.example, added_later: { by: ["a", "producer"] } };
    expect(entry.schema.parse(data)).toEqual(data);
  });

  it("takes names that every object inherits for custom types", () => {
    expect(["constructor", "__proto__", "valueof", "tostring"].filter(isKnownEventType)).toEqual([]);
  });
});

describe("ProducedData", () => {
  const publish = <Type extends string>(event: { type: Type; data: ProducedData<Type> }) => event.data;

  it("lets the right data of a known type and any object of a custom type compile", () => {
    publish({ type: "model.registered", data: { model_id: "m-1", anything: "else" } });
    publish({ type: "model.registered", data: { event_type: "model_registered", model: { id: "m-1" } } });
    publish({ type: "workflow.failed", data: { event: "workflow.failed", job_id: "wf_1" } });
    publish({ type: "order.shipped", data: { id: 1, lines: [{ sku: "a", gift: true, note: null }] } });
    expectTypeOf<EventData<"order.shipped">>().toEqualTypeOf<object>();
    expectTypeOf<EventData<"task_progress">>().toHaveProperty("progress").toEqualTypeOf<number>();
    expectTypeOf<EventData<"job.completed">>().toHaveProperty("video_id").toEqualTypeOf<string>();
  });

  it("lets data of a type with a name compile, with what JSON writes by itself", () => {
    interface Order {
      readonly id: string;
      readonly at: Date;
      readonly lines: readonly { readonly sku: string }[];
    }
    const order: Order = { id: "o_1", at: new Date(0), lines: [{ sku: "a" }] };
    publish({ type: "order.shipped", data: order });
    interface Job {
      readonly job_id: string;
      readonly video_id: string;
      readonly ours: Order;
    }
    const job: Job = { job_id: "j", video_id: "v", ours: order };
    publish({ type: "job.completed", data: job });
    const wrong: Omit<Job, "video_id"> = job;
    // @ts-expect-error the video is missing
    publish({ type: "job.completed", data: wrong });
  });

  it("makes wrong data of a known type a compile error", () => {
    // @ts-expect-error a number where the model's id belongs
    publish({ type: "model.registered", data: { model_id: 7 } });
    // @ts-expect-error no model at all
    publish({ type: "model.registered", data: { token_symbol: "LSCOR" } });
    // @ts-expect-error the video is missing
    publish({ type: "job.completed", data: { job_id: "job_1" } });
    // @ts-expect-error another event's name
    publish({ type: "workflow.failed", data: { event: "workflow.completed", job_id: "wf_1" } });
    // @ts-expect-error a text where a percentage belongs
    publish({ type: "task_progress", data: { task_id: "t", timestamp: "now", progress: "40 %" } });
    // @ts-expect-error a text is no object
    publish({ type: "order.shipped", data: "o_1" });
  });
});
