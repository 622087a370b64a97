import { describe, expect, it } from "vitest";
import { insistUsable } from "../../../src/cli/expectation.ts";
import { PROFILE_NAMES } from "../../../src/core/endpoint.ts";
import { diagnose, type Expectation, type ReceivedRequest } from "../../../src/receiver/diagnose.ts";
import { type FixtureOptions, signedFixture } from "../../../src/testing/signed-fixture.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NOW = Date.parse("2026-01-31T12:00:00Z");

const EXPECTED: Expectation = {
  profile: "standard",
  secrets: [SECRET],
  signatureHeader: undefined,
  signedContent: undefined,
};

function requestOf(options: FixtureOptions = {}): ReceivedRequest {
  const { body, headers, url } = signedFixture({ secrets: [SECRET], signedAt: NOW, ...options });
  return { method: "POST", url, headers: Object.entries(headers), body: Buffer.from(body) };
}

const withBody = (request: ReceivedRequest, edit: (text: string) => string): ReceivedRequest => ({
  ...request,
  body: Buffer.from(edit(Buffer.from(request.body).toString())),
});

/** The advice for a request that is refused. */
async function adviceFor(request: ReceivedRequest, changes: Partial<Expectation> = {}, nowMs = NOW) {
  const diagnosis = await diagnose(request, { ...EXPECTED, ...changes }, nowMs);
  if (diagnosis.kind === "valid") throw new Error("expected a refusal, got a valid request");
  return diagnosis;
}

describe("a diagnosis", () => {
  it.each(PROFILE_NAMES)("of what the sender signs for %s is that it is valid", async (profile) => {
    const diagnosis = await diagnose(requestOf({ profile }), { ...EXPECTED, profile }, NOW);
    expect(diagnosis).toMatchObject({ kind: "valid", event: { id: "evt_fixture" } });
  });

  it("names the check that failed and its remedy, apart", async () => {
    const diagnosis = await adviceFor(requestOf({ secrets: ["another"] }));
    expect(diagnosis).toEqual({
      kind: "invalid",
      code: "SIGNATURE_MISMATCH",
      status: 401,
      complaint:
        "expected a signature of these bytes in webhook-signature by one of the secrets, got none that fits",
      remedy: "compare the secrets; verify the bytes as they arrived, before any parser",
      advice: [],
      validAt: null,
    });
  });

  const spaced = { dataText: '{"n":12345678901234567890,\r\n"b": 1.0}' };
  it.each<readonly [string, FixtureOptions, (text: string) => string, string]>([
    ["a line break at its end", {}, (text) => `${text}\n`, "has got a line break at its end"],
    ["a line break of two bytes at its end", {}, (text) => `${text}\r\n`, "has got a line break at its end"],
    ["a BOM", {}, (text) => `\ufeff${text}`, "has got a BOM"],
    [
      "no line break at its end any more",
      { profile: "github", dataText: "{}\n" },
      (text) => text.trim(),
      "has lost the line break",
    ],
    [
      "its line breaks rewritten",
      { dataText: '{\n"n":12345678901234567890\n}' },
      (text) => text.replaceAll("\n", "\r\n"),
      "rewritten as CR LF",
    ],
    ["indentation", {}, (text) => JSON.stringify(JSON.parse(text), null, 2), "parsed and written again"],
    [
      "its white space taken away, which nobody can restore",
      spaced,
      (text) => text.replaceAll(/\s/g, ""),
      "",
    ],
  ])("of a body with %s", async (_, options, edit, advice) => {
    const { profile = "standard" } = options;
    const diagnosis = await adviceFor(withBody(requestOf(options), edit), { profile });
    expect(diagnosis.advice.join(" ")).toContain(advice);
    expect(diagnosis.advice).toHaveLength(advice === "" ? 0 : 1);
    expect(JSON.stringify(diagnosis)).not.toMatch(/12345678901234567890|MfKQ9r8G/);
  });

  it.each(PROFILE_NAMES.filter((name) => name !== "standard"))(
    "of a request of %s at a receiver of standard names the right profile",
    async (profile) => {
      const { advice } = await adviceFor(requestOf({ profile }));
      expect(advice).toEqual([expect.stringContaining(`a valid request of profile ${profile}:`)]);
    },
  );

  it.each<readonly [string, string, string]>([
    ["plain text", " plain text\n", "white space around it"],
    [SECRET, SECRET.slice("whsec_".length), "`whsec_` belongs to the secret"],
  ])("at a receiver whose secret is not quite %j", async (signing, held, advice) => {
    const diagnosis = await adviceFor(requestOf({ secrets: [signing] }), { secrets: [held] });
    expect(diagnosis.advice).toEqual([expect.stringContaining(advice)]);
  });

  it("of a signature that covers something else than is expected says what it covers", async () => {
    const signed = requestOf({ profile: "hmac", signedContent: "id.timestamp.body" });
    const { advice } = await adviceFor(signed, { profile: "hmac", signedContent: "body" });
    expect(advice).toEqual(["its signature covers id.timestamp.body: expect that, or tell the sender"]);
  });

  it.each<FixtureOptions>([
    { profile: "standard" },
    { profile: "ai-core" },
    { profile: "stripe", signatureHeader: "Acme-Time" },
    { profile: "hokusai", replayProtection: true },
    { profile: "hmac", signedContent: "timestamp.body" },
  ])("of an old request says when it was valid: %j", async (options) => {
    const { profile = "standard", signatureHeader, signedContent } = options;
    const changes = { profile, signatureHeader: signatureHeader ?? undefined, signedContent };
    const old = await adviceFor(requestOf(options), changes, NOW + 86_400_000);
    expect(old).toMatchObject({ code: "TIMESTAMP_TOO_OLD", validAt: "2026-01-31T12:00:00.000Z" });
    const early = await adviceFor(requestOf(options), changes, NOW - 86_400_000);
    expect(early).toMatchObject({ code: "TIMESTAMP_TOO_NEW", validAt: "2026-01-31T12:00:00.000Z" });
    const changed = await adviceFor(
      withBody(requestOf(options), (text) => `${text}x`),
      changes,
      NOW + 86_400_000,
    );
    expect(changed).toMatchObject({ validAt: null, advice: [] });
  });

  it("of a body that got a BOM says nothing of a parser", async () => {
    const request = withBody(requestOf(), (text) => `\ufeff${text}`);
    const { advice } = await adviceFor(request);
    expect(advice).toEqual([expect.stringContaining("has got a BOM")]);
  });

  it("of a request that is old and has got a line break finds both", async () => {
    const request = withBody(requestOf(), (text) => `${text}\n`);
    const { advice, validAt } = await adviceFor(request, {}, NOW + 86_400_000);
    expect(advice).toEqual([
      expect.stringContaining("has got a line break"),
      "it would have been accepted when it was signed, at 2026-01-31T12:00:00.000Z",
    ]);
    expect(validAt).toBe("2026-01-31T12:00:00.000Z");
  });

  it("of a request that was signed for another scheme says for which URL", async () => {
    const request = { ...requestOf({ profile: "ai-core" }), url: "http://receiver.example.com/hook" };
    const { advice } = await adviceFor(request, { profile: "ai-core" });
    expect(advice).toEqual([expect.stringContaining("https://receiver.example.com/hook")]);
  });
});

describe("secrets", () => {
  it.each([
    [[SECRET], "standard"],
    [["whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=", "text"], "standard"],
    [["whsec_not base64, and yet a text"], "hokusai"],
  ] as const)("%j can be those of a receiver of %s", (secrets, profile) => {
    expect(() => insistUsable(secrets, profile)).not.toThrow();
  });

  it.each([
    [[], "standard"],
    [[""], "github"],
    [[SECRET, "whsec_MfKQ9r8G"], "standard"],
    [["whsec_MfKQ9r8G"], "ai-core"],
    [["whsk_MfKQ9r8G"], "standard"],
    [["whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="], "stripe"],
  ] as const)(
    "%j cannot be those of a receiver of %s, which is said without showing them",
    (secrets, profile) => {
      const insist = () => insistUsable(secrets, profile);
      expect(insist).toThrow(expect.objectContaining({ code: "USAGE" }));
      expect(insist).not.toThrow(/MfKQ9r8G|1SiA4o9h/);
    },
  );
});
