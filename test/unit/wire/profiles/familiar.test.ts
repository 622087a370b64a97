/** The profiles whose body is the data and whose whole difference is in their headers. */
import { describe, expect, it } from "vitest";
import { asEventId } from "../../../../src/core/brand.ts";
import { github } from "../../../../src/wire/profiles/github.ts";
import { llmService } from "../../../../src/wire/profiles/llm-service.ts";
import { stripe } from "../../../../src/wire/profiles/stripe.ts";
import { anEvent, aSigning } from "../samples.ts";

const event = anEvent({ id: asEventId("evt_1"), type: "workflow.completed" });

describe.each([llmService, github, stripe])("the $name profile", ({ body }) => {
  it("sends the data itself as the body, byte for byte", () => {
    const data = ' {"b": 12345678901234567890, "a":1.0, "a":"\\u00e9\\/é"}\n';
    expect(body(anEvent({ data }))).toBe(data);
  });
});

describe("the llm-service profile", () => {
  it("names the event beside the signature", () => {
    expect(llmService.headers(event, "Hello, World!", aSigning({ secrets: ["k"] }))).toEqual({
      "X-Webhook-Signature": "sha256=11316937114e6970aa59bd5326a6f38dd525f4ade64670e402bff41e2f7c4071",
      "X-Webhook-Event": "workflow.completed",
    });
  });
});

describe("the github profile", () => {
  it("agrees with the vector that GitHub publishes, and names event and delivery", () => {
    const signing = aSigning({ secrets: ["It's a Secret to Everybody"] });
    expect(github.headers(event, "Hello, World!", signing)).toEqual({
      "X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
      "X-GitHub-Event": "workflow.completed",
      "X-GitHub-Delivery": "evt_1",
    });
  });
});

describe("the stripe profile", () => {
  it("carries the time and one signature per live secret, newest first", () => {
    const header = stripe.headers(event, "{}", aSigning({ secrets: ["new", "old"] }))["Stripe-Signature"];
    expect(header).toMatch(/^t=1700000000,v1=[0-9a-f]{64},v1=[0-9a-f]{64}$/);
    const alone = stripe.headers(event, "{}", aSigning({ secrets: ["old"] }))["Stripe-Signature"];
    expect(header?.split(",")[2]).toBe(alone?.split(",")[1]);
  });

  it("uses the header of the endpoint's choice", () => {
    const { options } = aSigning();
    const signing = aSigning({ options: { ...options, signatureHeader: "Acme-Signature" } });
    expect(Object.keys(stripe.headers(event, "{}", signing))).toEqual(["Acme-Signature"]);
  });
});
