import { describe, expect, it } from "vitest";
import { verifyHokusai, verifyStandardWebhooks } from "../../../../src/cli/demo/verify.ts";

describe("the receivers' own check", () => {
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const body = Buffer.from('{"test": 2432232314}');
  const headers = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  };

  it("accepts the vector of Standard Webhooks", () => {
    expect(verifyStandardWebhooks(secret, headers, body, 1_614_265_330)).toBe(true);
  });

  it.each([
    ["another body", { headers, body: Buffer.from("{}"), now: 1_614_265_330 }],
    ["an old timestamp", { headers, body, now: 1_614_265_330 + 301 }],
    ["no headers", { headers: {}, body, now: 0 }],
  ])("refuses %s", (_, { headers: given, body: received, now }) => {
    expect(verifyStandardWebhooks(secret, given, received, now)).toBe(false);
  });

  it("accepts a Hokusai signature over exactly these bytes and no others", () => {
    const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    const given = { "x-hokusai-signature": signature };
    expect(verifyHokusai("It's a Secret to Everybody", given, Buffer.from("Hello, World!"))).toBe(true);
    expect(verifyHokusai("It's a Secret to Everybody", given, Buffer.from("Hello, World"))).toBe(false);
    expect(verifyHokusai("It's a Secret to Everybody", {}, Buffer.from("Hello, World!"))).toBe(false);
  });
});
