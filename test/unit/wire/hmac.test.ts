import { describe, expect, it } from "vitest";
import { hmacBase64, hmacHex, keyFromBase64, keyFromText } from "../../../src/wire/hmac.ts";

describe("hmac", () => {
  it("agrees with the vector that GitHub publishes", () => {
    const key = keyFromText("It's a Secret to Everybody");
    expect(hmacHex(key, "Hello, World!")).toBe(
      "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    );
  });

  it("agrees with RFC 4231, test case 2", () => {
    expect(hmacHex(keyFromText("Jefe"), "what do ya want for nothing?")).toBe(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
  });

  it("takes text and textual keys as UTF-8", () => {
    const text = "żółć 🦊";
    const sameKey = keyFromBase64(Buffer.from(text, "utf8").toString("base64"));
    expect(hmacHex(keyFromText(text), text)).toBe(hmacHex(sameKey, text));
  });

  it("writes the same digest in hexadecimal and in base64", () => {
    const key = keyFromText("key");
    expect(Buffer.from(hmacBase64(key, "text"), "base64").toString("hex")).toBe(hmacHex(key, "text"));
  });
});
