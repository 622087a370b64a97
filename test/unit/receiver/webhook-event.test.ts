import { describe, expect, it } from "vitest";
import { catalogue, type KnownEventType } from "../../../src/catalogue/catalogue.ts";
import { verify } from "../../../src/receiver/index.ts";
import type { WebhookEvent } from "../../../src/receiver/webhook-event.ts";
import { signedFixture } from "../../../src/testing/signed-fixture.ts";
import { aCall, SECRET, verifyCall } from "./requests.ts";

describe("the event's id", () => {
  const idOf = async (call: Parameters<typeof verifyCall>[0]) => (await verifyCall(call)).id;

  it("is the one that the signature covers, where the body has it", async () => {
    const headers = (call: ReturnType<typeof aCall>) => ({
      ...call,
      headers: { ...call.headers, "webhook-id": "forged" },
    });
    const keyed = aCall({ profile: "hokusai", dataText: '{"model_id":"m","idempotency_key":"key-1"}' });
    expect(await idOf(headers(keyed))).toBe("key-1");
    expect(await idOf(headers(aCall({ profile: "ai-core" })))).toBe("evt_fixture");
    const stripe = aCall({ profile: "stripe", dataText: '{"id":"evt_stripe","type":"invoice.paid"}' });
    expect(await idOf(headers(stripe))).toBe("evt_stripe");
  });

  it("is the sender's, in header and event, where the registry's body around model has none", async () => {
    const dataText = '{"event_type":"model_registered","model":{"id":"m"},"source":"mlflow"}';
    const call = aCall({ profile: "hokusai", dataText, id: "0c5f6a3e-4c1e-5c57-8a5e-2d1f7f1f8a10" });
    expect(call.headers["x-hokusai-idempotency-key"]).toBe("0c5f6a3e-4c1e-5c57-8a5e-2d1f7f1f8a10");
    await expect(verifyCall(call)).resolves.toMatchObject({
      id: "0c5f6a3e-4c1e-5c57-8a5e-2d1f7f1f8a10",
      type: "model.registered",
      data: { model: { id: "m" } },
    });
  });

  it("is not what only looks like one: an object's id in Stripe's place is not the event's", async () => {
    expect(await idOf(aCall({ profile: "stripe", dataText: '{"id":"in_42"}' }))).toBe("evt_fixture");
  });

  it.each([
    ["absent", undefined],
    ["empty", ""],
    ["too long", "x".repeat(257)],
    ["not printable", "a\u0007"],
  ])("is made of the body where the header's is %s", async (_, id) => {
    const call = aCall({ profile: "klipstream" });
    const copies = [call, aCall({ profile: "klipstream" })].map((one) => ({
      ...one,
      headers: { ...one.headers, "webhook-id": id },
    }));
    const [one, other] = await Promise.all(copies.map(idOf));
    expect(one).toMatch(/^body_[0-9a-f]{64}$/);
    expect(other).toBe(one);
  });
});

describe("the event's type", () => {
  it.each([...Object.keys(catalogue)])("%s is known, as the catalogue has it", async (type) => {
    const request = signedFixture({ type, secrets: [SECRET] });
    await expect(verify(request.body, request.headers, SECRET)).resolves.toMatchObject({
      kind: "known",
      type,
    });
  });

  const alike = ["task_cancelled", "job.failed.twice", "a.job.failed", "workflow.started", "webhook.tests"];
  it.each(["invoice.paid", "job", "job.", "constructor", "__proto__", ...alike])(
    "%s is a custom one",
    async (type) => {
      const request = signedFixture({ type, secrets: [SECRET] });
      await expect(verify(request.body, request.headers, SECRET)).resolves.toMatchObject({
        kind: "custom",
        type,
      });
    },
  );

  it("narrows the data for the compiler", () => {
    const describeEvent = (event: WebhookEvent): string => {
      if (event.kind === "custom") return event.type;
      switch (event.type) {
        case "job.completed":
          return event.data.job_id;
        case "task_failed":
          return event.data.error.message;
        default:
          return event.type satisfies KnownEventType;
      }
    };
    const data = { job_id: "j_1", video_id: "v_1" };
    expect(describeEvent({ kind: "known", id: "e", type: "job.completed", timestamp: "t", data })).toBe(
      "j_1",
    );
  });

  it("of hokusai is told by the body's shape, in today's and the older form", async () => {
    const typeOf = async (dataText: string) =>
      (await verifyCall(aCall({ profile: "hokusai", dataText }))).type;
    expect(await typeOf('{"model_id":"m"}')).toBe("model.registered");
    expect(await typeOf('{"event_type":"model_registered","model":{"id":"m"}}')).toBe("model.registered");
    expect(await typeOf('{"event_type":"other"}')).toBe("unknown");
    expect(await typeOf("[1]")).toBe("unknown");
  });

  it("of llm-service has the callback's id, which the signature covers; else the event's", async () => {
    const idOf = async (dataText: string) =>
      (await verifyCall(aCall({ profile: "llm-service", dataText }))).id;
    expect(await idOf('{"event":"workflow.completed","callback_id":"cb_1"}')).toBe("cb_1");
    expect(await idOf('{"event":"workflow.completed","callback_id":7}')).toMatch(/^evt_/);
  });

  it("of llm-service is the body's own; the header's, which is not signed, where the body has none", async () => {
    const call = aCall({
      profile: "llm-service",
      type: "workflow.failed",
      dataText: '{"event":"workflow.completed","job_id":"j"}',
    });
    expect((await verifyCall(call)).type).toBe("workflow.completed");
    expect((await verifyCall(aCall({ profile: "llm-service", dataText: '{"event":null}' }))).type).toBe(
      "job.completed",
    );
  });

  it("of klipstream goes without the job's fields where the event tells of no job", async () => {
    const call = aCall({ profile: "klipstream", type: "invoice.paid", dataText: '{"cents":1}' });
    expect(await verifyCall(call)).toMatchObject({ type: "invoice.paid", data: { cents: 1 } });
  });
});
