import { describe, expect, it } from "vitest";
import { MASK, OPTION_DEFAULTS, type Secret } from "../../../src/core/endpoint.ts";
import { newEndpoint } from "../../../src/endpoints/registration.ts";
import { amended, disabledByReceiver, replaced, rotated, switched } from "../../../src/endpoints/revision.ts";
import { secretProblem } from "../../../src/wire/standard-webhooks.ts";
import { anEndpoint } from "../../support/endpoint.ts";
import { registrationRules as rules } from "../../support/registration-rules.ts";
import { secretOf } from "../../support/secret-of.ts";

const ANOTHER = secretOf("another");

const NOW = Date.parse("2026-02-01T00:00:00.000Z");
const HOUR_MS = 3_600_000;
const current: Secret = { value: "current", expiresAt: null };
const url = "https://other.example.com/hook";
const found = anEndpoint({
  secrets: [current],
  headers: { Authorization: "Bearer hunter2" },
  description: "a note",
  metadata: { team: "search" },
  timeoutMs: 7_000,
  retrySchedule: [1_000, 2_000],
});
const invalid = (problem: RegExp) =>
  expect.objectContaining({ code: "ENDPOINT_INVALID", message: expect.stringMatching(problem) });

describe("an endpoint that is replaced", () => {
  it("takes the default for whatever is not said, and keeps its id, age and secrets", () => {
    expect(replaced(found, { url }, rules, NOW)).toEqual({
      ...anEndpoint(),
      url,
      secrets: [current],
      timeoutMs: rules.defaults.timeoutMs,
      retrySchedule: rules.defaults.retrySchedule,
      growsInFlight: true,
      updatedAt: "2026-02-01T00:00:00.000Z",
    });
  });

  it("stays switched off, with its reason, unless it is switched on", () => {
    const off = anEndpoint({ isActive: false, disabledBecause: "gone", secrets: [current] });
    expect(replaced(off, { url }, rules, NOW)).toMatchObject({ isActive: false, disabledBecause: "gone" });
    expect(replaced(off, { url, isActive: true }, rules, NOW)).toMatchObject({
      isActive: true,
      disabledBecause: null,
    });
  });

  it("signs with a secret that is given alone from then on", () => {
    const { secrets } = replaced(found, { url, secrets: [ANOTHER] }, rules, NOW);
    expect(secrets).toEqual([{ value: ANOTHER, expiresAt: null }]);
  });
});

describe("an endpoint that is amended", () => {
  it("loses the options of a profile with that profile, unless they are asked for by name", () => {
    const profileOptions = { ...OPTION_DEFAULTS, signatureHeader: "X-Acme" };
    const stripe = anEndpoint({ profile: "stripe", profileOptions, secrets: [current] });
    const moved = amended(stripe, { profile: "github" }, rules, NOW);
    expect(moved.profileOptions).toEqual(OPTION_DEFAULTS);
    expect(amended(stripe, { description: "new" }, rules, NOW).profileOptions).toEqual(profileOptions);
    const asked = { profile: "github", signatureHeader: "X-Acme" } as const;
    expect(() => amended(stripe, asked, rules, NOW)).toThrow("signatureHeader: expected profile stripe");
  });

  it("keeps a secret that would not be taken today, but not for another profile", () => {
    const old = anEndpoint({ profile: "hokusai", secrets: [{ value: "plain", expiresAt: null }] });
    const kept = anEndpoint({ secrets: [{ value: "plain", expiresAt: null }] });
    expect(amended(kept, { description: "new" }, rules, NOW).secrets).toEqual(kept.secrets);
    expect(rotated(kept, { graceMs: HOUR_MS }, rules, NOW).secrets).toHaveLength(2);
    expect(() => amended(old, { profile: "standard" }, rules, NOW)).toThrow(/whsec_ and the base64/);
    expect(() => amended(kept, { secrets: ["other"] }, rules, NOW)).toThrow(/whsec_ and the base64/);
  });

  it("changes in what is given and in nothing else", () => {
    const { updatedAt, ...rest } = amended(found, { description: "new" }, rules, NOW);
    expect({ ...rest, updatedAt: found.updatedAt }).toEqual({ ...found, description: "new" });
    expect(updatedAt).toBe("2026-02-01T00:00:00.000Z");
  });

  it("has a limit of its own from then on that somebody gives it one, and until then the default that grows, also where it is written back", () => {
    const grows = anEndpoint({ growsInFlight: true, maxInFlight: 40, secrets: [current] });
    const described = amended(grows, { description: "new" }, rules, NOW);
    expect(described).toMatchObject({ growsInFlight: true, maxInFlight: 40 });
    expect(rotated(grows, {}, rules, NOW)).toMatchObject({ growsInFlight: true, maxInFlight: 40 });
    expect(replaced(grows, { url, maxInFlight: 40 }, rules, NOW).growsInFlight).toBe(true);
    const limited = amended(grows, { maxInFlight: 30 }, rules, NOW);
    expect(limited).toMatchObject({ growsInFlight: false, maxInFlight: 30 });
    expect(amended(limited, { description: "new" }, rules, NOW).growsInFlight).toBe(false);
  });

  it("is checked as the whole it becomes, every problem at once", () => {
    const shared = anEndpoint({ secrets: [current], profile: "github" });
    expect(() =>
      amended(shared, { url: "ftp://x", profile: "klipstream", timeoutMs: 1 }, rules, NOW),
    ).toThrow(invalid(/timeoutMs:.*url:/));
    const private_ = anEndpoint({ secrets: [{ value: "whsk_x", expiresAt: null }] });
    expect(() => amended(private_, { profile: "github" }, rules, NOW)).toThrow(invalid(/secrets:.*share/));
  });

  it("keeps the schedule it has and cuts it, or goes on with it", () => {
    expect(amended(found, { maxRetries: 1 }, rules, NOW).retrySchedule).toEqual([1_000]);
    expect(amended(found, { maxRetries: 4 }, rules, NOW).retrySchedule).toEqual([1_000, 2_000, 4_000, 8_000]);
  });

  it("takes a masked header for the one it has, and only where it has one", () => {
    const { headers } = amended(found, { headers: { authorization: MASK, "X-New": "1" } }, rules, NOW);
    expect(headers).toEqual({ authorization: "Bearer hunter2", "X-New": "1" });
    expect(() => amended(found, { headers: { "X-Other": MASK } }, rules, NOW)).toThrow(invalid(/headers:/));
  });
});

describe("an endpoint that is switched", () => {
  it("says why it is off, and forgets it when it is on again; both drop secrets that are over", () => {
    const rotating = { ...found, secrets: [current, { value: "old", expiresAt: NOW }] };
    const off = switched(rotating, "moved", NOW);
    expect(off).toMatchObject({ isActive: false, disabledBecause: "moved", secrets: [current] });
    expect(switched(off, null, NOW)).toMatchObject({ isActive: true, disabledBecause: null });
  });

  it("knows since when it is off, however often somebody switches it off", () => {
    const off = switched(found, "moved", NOW);
    expect(off.disabledAt).toBe("2026-02-01T00:00:00.000Z");
    const later = NOW + HOUR_MS;
    expect(switched(off, "gone", later)).toMatchObject({
      disabledBecause: "gone",
      disabledAt: off.disabledAt,
    });
    expect(amended(off, { description: "new" }, rules, later).disabledAt).toBe(off.disabledAt);
    expect(amended(found, { isActive: false }, rules, later).disabledAt).toBe("2026-02-01T01:00:00.000Z");
    expect(switched(off, null, later).disabledAt).toBeNull();
  });

  it("has no such time where it was never on: nothing is owed to it", () => {
    expect(newEndpoint({ url, isActive: false }, rules, NOW).disabledAt).toBeNull();
  });
});

describe("a rotation", () => {
  it("puts a new secret first and lets the one before sign for the grace", () => {
    const { secrets } = rotated(found, { graceMs: HOUR_MS }, rules, NOW);
    expect(secrets).toEqual([
      { value: expect.stringMatching(/^whsec_/), expiresAt: null },
      { value: "current", expiresAt: NOW + HOUR_MS },
    ]);
    expect(secretProblem(secrets[0]?.value ?? "", "standard")).toBeNull();
  });

  it("takes a secret of one's own, and makes an Ed25519 one where there was one", () => {
    expect(rotated(found, { graceMs: 0, secret: ANOTHER }, rules, NOW).secrets).toEqual([
      { value: ANOTHER, expiresAt: null },
    ]);
    const ed25519 = rotated(
      anEndpoint({ secrets: [{ value: "whsk_old", expiresAt: null }] }),
      { graceMs: 0 },
      rules,
      NOW,
    );
    expect(ed25519.secrets[0]?.value).toMatch(/^whsk_/);
  });

  it("in the middle of another keeps the older promise, or shortens it, and never prolongs it", () => {
    const rotating = { ...found, secrets: [current, { value: "old", expiresAt: NOW + HOUR_MS }] };
    const withGrace = (graceMs: number) =>
      rotated(rotating, { graceMs, secret: ANOTHER }, rules, NOW).secrets.map(({ value, expiresAt }) => [
        value,
        expiresAt === null ? null : (expiresAt - NOW) / HOUR_MS,
      ]);
    expect(withGrace(24 * HOUR_MS)).toEqual([
      [ANOTHER, null],
      ["current", 24],
      ["old", 1],
    ]);
    expect(withGrace(HOUR_MS / 2)).toEqual([
      [ANOTHER, null],
      ["current", 0.5],
      ["old", 0.5],
    ]);
    expect(withGrace(0), "none but the new one").toEqual([[ANOTHER, null]]);
  });

  it("leaves what signed before as it is, also where it is longer than a new one may be", () => {
    const long = { ...found, secrets: [{ value: "x".repeat(5_000), expiresAt: null }] };
    expect(rotated(long, { graceMs: HOUR_MS, secret: ANOTHER }, rules, NOW).secrets).toHaveLength(2);
    expect(() => rotated(found, { graceMs: 0, secret: "x".repeat(5_000) }, rules, NOW)).toThrow(
      invalid(/secret: .*4,096/),
    );
  });

  it("drops what is over, and is refused where more than four would sign", () => {
    const older = (hours: number) => ({ value: `old-${hours}`, expiresAt: NOW + hours * HOUR_MS });
    const full = { ...found, secrets: [current, older(3), older(2), older(0)] };
    expect(rotated(full, { graceMs: 9 * HOUR_MS }, rules, NOW).secrets).toHaveLength(4);
    const fuller = { ...found, secrets: [current, older(3), older(2), older(1)] };
    expect(() => rotated(fuller, { graceMs: HOUR_MS }, rules, NOW)).toThrow(invalid(/secret: .* up to 4/));
    expect(rotated(fuller, { graceMs: 0 }, rules, NOW).secrets).toHaveLength(1);
  });

  it.each([
    ["a secret that is in use", { graceMs: 0, secret: "current" }, /secret:/],
    ["one that its profile cannot sign with", { graceMs: 0, secret: "" }, /secret:/],
    ["more than seven days of grace", { graceMs: 7 * 24 * HOUR_MS + 1 }, /graceMs:/],
    ["less than none", { graceMs: -1 }, /graceMs:/],
    ["none that is a number", { graceMs: Number.NaN }, /graceMs:/],
  ])("is refused with %s", (_what, rotation, problem) => {
    expect(() => rotated(found, rotation, rules, NOW)).toThrow(invalid(problem));
  });
});

describe("an endpoint whose receiver said that it is gone", () => {
  it("is disabled with the reason", () => {
    const changed = disabledByReceiver(found, found, "gone", NOW);
    expect(changed).toMatchObject({ isActive: false, disabledBecause: "gone" });
  });

  it.each([
    ["has another URL by now", { url: "https://moved.example.com/" }],
    ["is disabled already", { isActive: false, disabledBecause: "switched off by an operator" }],
  ])("stays the very same where it %s", (_what, changes) => {
    const byNow = { ...found, ...changes };
    expect(disabledByReceiver(byNow, found, "gone", NOW)).toBe(byNow);
  });
});
