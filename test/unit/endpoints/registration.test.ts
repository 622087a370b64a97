import { describe, expect, it } from "vitest";
import { PROFILE_NAMES, type ProfileName } from "../../../src/core/endpoint.ts";
import { generateSecret, newEndpoint } from "../../../src/endpoints/registration.ts";
import type { EndpointRequest } from "../../../src/endpoints/settings.ts";
import { secretProblem } from "../../../src/wire/standard-webhooks.ts";
import { registrationRules as rules } from "../../support/registration-rules.ts";

const url = "https://receiver.example.com/hook";

describe("a new endpoint", () => {
  it("gets everything that was not asked for: an id, a secret, the defaults", () => {
    const endpoint = newEndpoint({ url }, rules, 0);
    expect(endpoint).toMatchObject({
      id: expect.stringMatching(/^ep_[0-9a-f]{24}$/),
      events: ["*"],
      profile: "standard",
      timeoutMs: 15_000,
      retrySchedule: [2_000, 4_000],
      maxInFlight: 10,
      rateLimit: null,
      metadata: {},
      isActive: true,
      createdAt: "1970-01-01T00:00:00.000Z",
    });
    expect(secretProblem(endpoint.secrets[0]?.value ?? "", "standard")).toBeNull();
  });

  it("keeps its URL as it is requested, which is what signatures cover", () => {
    const { url: kept } = newEndpoint({ url: "HTTPS://Receiver.Example.com:443?a=ü" }, rules, 0);
    expect(kept).toBe("https://receiver.example.com/?a=%C3%BC");
  });

  it("gets an Ed25519 secret on request, but not for receivers that share one", () => {
    const { secrets } = newEndpoint({ url, ed25519: true }, rules, 0);
    expect(secretProblem(secrets[0]?.value ?? "", "standard")).toBeNull();
    expect(secrets[0]?.value).toMatch(/^whsk_/);
    for (const change of [{ profile: "github" as const }, { secrets: ["s"] }])
      expect(() => newEndpoint({ url, ed25519: true, ...change }, rules, 0)).toThrow("ed25519: expected");
  });

  it("carries several profiles, unless two of them write one header", () => {
    const further = (...furtherProfiles: readonly ProfileName[]) => ({
      profile: "standard" as const,
      furtherProfiles,
    });
    const everything = PROFILE_NAMES.filter((name) => name !== "standard");
    const { profile, furtherProfiles } = newEndpoint({ url, ...further(...everything) }, rules, 0);
    expect([profile, ...furtherProfiles]).toEqual(PROFILE_NAMES);
    for (const [change, problem] of [
      [further("github", "github"), "expected each profile once, got standard, github, github"],
      [
        { ...further("llm-service", "stripe"), signatureHeader: "x-webhook-signature" },
        "x-webhook-signature",
      ],
      [{ profile: "stripe" as const, signatureHeader: "USER-AGENT" }, "user-agent"],
      [{ profile: "stripe" as const, signatureHeader: "Content-Signature" }, "signatureHeader:"],
      [{ ...further("github"), secrets: [generateSecret(true)] }, "profile github can share"],
    ] as const)
      expect(() => newEndpoint({ url, ...change }, rules, 0)).toThrow(problem);
  });

  it("refuses an option that none of its profiles heeds, and says which would", () => {
    for (const [change, problem] of [
      [{ signatureHeader: "X-Signature" }, "signatureHeader: expected profile stripe"],
      [{ profile: "github", replayProtection: true }, "replayProtection: expected profile hokusai"],
      [{ signaturePrefix: false }, "signaturePrefix: expected profile hokusai"],
    ] as const)
      expect(() => newEndpoint({ url, ...change }, rules, 0)).toThrow(problem);
    const further = { furtherProfiles: ["stripe"], signatureHeader: "X-Signature" } as const;
    expect(newEndpoint({ url, ...further }, rules, 0).profileOptions.signatureHeader).toBe("X-Signature");
  });

  it("refuses a signature header that another header of its requests has taken", () => {
    for (const [name, headers] of [
      ["Traceparent", {}],
      ["tracestate", {}],
      ["X-Acme", { "x-acme": "1" }],
      ["webhook-signature", {}],
      ["Content-Type", {}],
    ] as const) {
      const asked = { url, headers, profile: "stripe", signatureHeader: name } as const;
      expect(() => newEndpoint(asked, rules, 0), name).toThrow("signatureHeader: ");
    }
  });

  it("takes its waits from a list, from Standard Webhooks or from the number of retries", () => {
    const waits = (change: Partial<EndpointRequest>) =>
      newEndpoint({ url, ...change }, rules, 0).retrySchedule.map((wait) => wait / 1_000);
    expect(waits({ retrySchedule: [1_000, 0] })).toEqual([1, 0]);
    const hours = [2, 5, 10, 14, 20, 24].map((hour) => hour * 3_600);
    expect(waits({ retrySchedule: "standard-webhooks" })).toEqual([5, 300, 1_800, ...hours]);
    expect(waits({ maxRetries: 0 })).toEqual([]);
    expect(waits({ maxRetries: 4 }), "goes on with the default").toEqual([2, 4, 8, 16]);
    expect(waits({ maxRetries: 2, retrySchedule: "standard-webhooks" })).toEqual([5, 300]);
    expect(waits({ maxRetries: 2, retrySchedule: [] })).toEqual([2, 4]);
    expect(waits({ maxRetries: 24 }).at(-1), "no wait is longer than a day").toBe(86_400);
  });

  it("may subscribe to nothing when it signs for destinations, whose ids are not its to take", () => {
    expect(newEndpoint({ url, events: [], signsDestinations: true }, rules, 0)).toMatchObject({ events: [] });
    expect(newEndpoint({ url }, rules, 0).signsDestinations).toBe(false);
    expect(() => newEndpoint({ url, id: "dst_1" }, rules, 0)).toThrow("not beginning with dst_");
  });

  it("is refused with every problem at once, and no secret among them", () => {
    const wrong = {
      id: "a.b",
      url: "http://10.0.0.1/",
      events: ["A B"],
      secrets: ["whsec_dG9vLXNob3J0LWNhbmFyeQ=="],
      headers: { "webhook-id": "x", Host: "evil" },
      timeoutMs: 5,
      maxInFlight: 0,
      retrySchedule: [-1],
      maxRetries: 25,
      rateLimit: { count: 0, perMs: 999 },
      metadata: { "a b": "x" },
    };
    let message = "";
    try {
      newEndpoint(wrong, rules, 0);
    } catch (error) {
      message = error instanceof Error ? error.message : "";
    }
    for (const part of [
      "id:",
      "url:",
      "events/0:",
      "secrets:",
      "webhook-id",
      "Host",
      "timeoutMs:",
      "maxInFlight:",
      "retrySchedule",
      "maxRetries:",
      "rateLimit/count: expected",
      "rateLimit/perMs: expected",
      "metadata/a b:",
    ])
      expect(message).toContain(part);
    expect(message).not.toContain("dG9vLXNob3J0LWNhbmFyeQ");
  });

  it.each([
    ["no event at all", { events: [] }],
    ["five secrets", { secrets: ["a", "b", "c", "d", "e"] }],
    ["no secret in the list", { secrets: [] }],
    ["25 retries", { retrySchedule: Array.from({ length: 25 }, () => 1_000) }],
    ["a wait of no number", { retrySchedule: [Number.NaN] }],
    ["half a POST in flight", { maxInFlight: 1.5 }],
    ["half a retry", { maxRetries: 0.5 }],
    ["a rate over more than a day", { rateLimit: { count: 1, perMs: 86_400_001 } }],
    ["21 labels", { metadata: Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`n${n}`, ""])) }],
    ["4 KB of labels", { metadata: { note: "é".repeat(2_045) } }],
    ["a label that means something on an object", { metadata: Object.fromEntries([["__proto__", "x"]]) }],
  ])("is refused: %s", (_what, change) => {
    expect(() => newEndpoint({ url, ...change }, rules, 0)).toThrow(
      expect.objectContaining({ code: "ENDPOINT_INVALID" }),
    );
  });
});

describe("a request that says of itself that it has been read", () => {
  it("is read all the same", () => {
    const asked = { url: "https://example.com/", nameOf: "me", settings: { url: "http://10.0.0.1/" } };
    expect(() => Reflect.apply(newEndpoint, undefined, [asked, rules, 0])).toThrow(/nameOf: .*unknown/);
  });
});

describe("a label whose name cannot be", () => {
  it("is answered with its name, and not with its value, which may be private", () => {
    const asked = { url: "https://example.com/", metadata: { "a b": "private-value" } };
    expect(() => newEndpoint(asked, rules, 0)).toThrow(/got "a b"/);
    expect(() => newEndpoint(asked, rules, 0)).not.toThrow(/private-value/);
  });
});
