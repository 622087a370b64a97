/** What no profile accepts: every way to spoil a request, tried on each, doubled headers, and times out of tolerance. */
import { describe, expect, it } from "vitest";
import {
  aCall,
  bytesOf,
  headerOf,
  NOW,
  OTHER_SECRET,
  refusalOf,
  SECRET,
  SIGNATURE_HEADERS,
  textOf,
  VARIANT_NAMES,
  VARIANTS,
  type VariantName,
  verifyCall,
  withHeader,
} from "./requests.ts";
import { OF_EVERY_PROFILE } from "./spoiled.ts";

describe.each(VARIANT_NAMES)("a request of %s is refused", (name) => {
  const call = aCall(VARIANTS[name]);
  const signatureHeader = SIGNATURE_HEADERS[VARIANTS[name].profile];

  it("for no reason while it is as it was sent", async () => {
    await verifyCall(call);
  });

  it.each(OF_EVERY_PROFILE)("with %s", async (_, codes, spoil) => {
    const refusal = await refusalOf({ ...call, ...spoil(call, signatureHeader) });
    expect(codes).toContain(refusal.code);
  });

  it("when it is no longer bytes", async () => {
    const parsed: unknown = JSON.parse(textOf(call));
    for (const body of [parsed, undefined, null, 1, [...bytesOf(call)]]) {
      // What a careless caller without a compiler hands over.
      const refusal = await refusalOf(Object.assign({ ...call }, { body }));
      expect(refusal).toMatchObject({ code: "BODY_NOT_RAW", status: 500 });
    }
  });

  it("when it is verified as any other profile", async () => {
    const others = VARIANT_NAMES.filter((other) => VARIANTS[other].profile !== VARIANTS[name].profile);
    // Every request carries Standard Webhooks headers, so that one fits; its body is no envelope, though.
    for (const other of others) {
      const refusal = await refusalOf({
        ...call,
        options: { ...call.options, profile: VARIANTS[other].profile },
      });
      expect(["HEADER_MISSING", "PAYLOAD_UNREADABLE"]).toContain(refusal.code);
    }
  });

  it("without telling a secret, a signature or the body", async () => {
    for (const [, , spoil] of OF_EVERY_PROFILE) {
      const refusal = await refusalOf({ ...call, ...spoil(call, signatureHeader) });
      const told = `${refusal.message} ${JSON.stringify(refusal)} ${refusal.stack?.split("\n")[0]}`;
      for (const secret of [
        SECRET,
        OTHER_SECRET,
        SECRET.slice(6),
        headerOf(call, signatureHeader),
        "model_id",
      ])
        expect(told).not.toContain(secret);
    }
  });
});

describe("a header that came twice is refused, however the framework shows that", () => {
  const once: readonly (readonly [VariantName, string])[] = [
    ["standard", "webhook-id"],
    ["standard", "webhook-timestamp"],
    ["standard", "webhook-signature"],
    ["hokusai", "x-hokusai-signature"],
    ["hokusai, bare digits", "x-hokusai-signature"],
    ["hokusai, replay protected", "x-hokusai-timestamp"],
    ["hokusai, replay protected", "x-hokusai-nonce"],
    ["klipstream", "x-klipstream-signature"],
    ["llm-service", "x-webhook-signature"],
    ["github", "x-hub-signature-256"],
    ["stripe", "stripe-signature"],
    ["ai-core", "signature-input"],
  ];

  /** Those that no signature covers: twice there, they name no event, while the sender is known. */
  const namesTwice: readonly (readonly [VariantName, string])[] = [
    ["github", "x-github-event"],
    ["github", "x-github-delivery"],
    ["klipstream", "webhook-id"],
  ];

  it.each([
    ...once.map((of) => [...of, "HEADER_MALFORMED"] as const),
    ...namesTwice.map((of) => [...of, "PAYLOAD_UNREADABLE"] as const),
  ])("%s: %s", async (name, header, code) => {
    const call = aCall(VARIANTS[name]);
    const value = headerOf(call, header);
    const pairs = Object.entries(call.headers).map(([one, text]): [string, string] => [one, String(text)]);
    const forms = [
      { ...call.headers, [header]: [value, value] },
      { ...call.headers, [header]: `${value}, ${value}` },
      { ...call.headers, [header.toUpperCase()]: value },
      [...pairs, [header, value] as const],
      new Headers([...pairs, [header, value]]),
    ];
    for (const form of forms) expect((await refusalOf(call, form)).code).toBe(code);
  });

  it.each(["date", "content-digest"])("ai-core: %s, which is signed as one", async (header) => {
    const call = aCall(VARIANTS["ai-core"]);
    const twice = withHeader(call, header, [headerOf(call, header), headerOf(call, header)]);
    expect((await refusalOf({ ...call, ...twice })).code).toBe("SIGNATURE_MISMATCH");
  });
});

describe.each(["standard", "hokusai, replay protected", "stripe", "ai-core"] as const)(
  "the time of %s",
  (name) => {
    const at = (seconds: number) => ({ ...aCall(VARIANTS[name]), options: optionsAt(seconds) });
    const optionsAt = (seconds: number) => ({
      ...aCall(VARIANTS[name]).options,
      now: () => (NOW + seconds) * 1_000,
    });

    it.each([-300, -299, 0, 299, 300])("is accepted %i s from now", async (seconds) => {
      await verifyCall(at(seconds));
    });

    it.each([
      [301, "TIMESTAMP_TOO_OLD"],
      [86_400, "TIMESTAMP_TOO_OLD"],
      [-301, "TIMESTAMP_TOO_NEW"],
      [-86_400, "TIMESTAMP_TOO_NEW"],
    ])("is refused when now is %i s later", async (seconds, code) => {
      expect(await refusalOf(at(seconds))).toMatchObject({ code, status: 401 });
    });

    it("is judged by the receiver's own tolerance, which cannot be switched off by accident", async () => {
      const call = at(10);
      await verifyCall({ ...call, options: { ...call.options, toleranceSeconds: 10 } });
      for (const toleranceSeconds of [9, 0, Number.NaN])
        expect((await refusalOf({ ...call, options: { ...call.options, toleranceSeconds } })).code).toBe(
          "TIMESTAMP_TOO_OLD",
        );
      const undefinedTolerance = { ...at(301).options, toleranceSeconds: undefined };
      expect((await refusalOf({ ...call, options: undefinedTolerance })).code).toBe("TIMESTAMP_TOO_OLD");
    });

    it.each([
      "",
      " ",
      "1e9",
      "0x6553f100",
      "1700000000.0",
      "+1700000000",
      "-1",
      "1700000000 ",
      "١٧٠٠٠٠٠٠٠٠",
      "1".repeat(13),
    ])("is refused when it is written as %j", async (text) => {
      const call = aCall(VARIANTS[name]);
      const headers = Object.entries(call.headers).map(([header, value]): [string, string] => [
        header,
        /timestamp|stripe-signature|signature-input/.test(header)
          ? String(value).replace(String(NOW), text)
          : String(value),
      ]);
      expect((await refusalOf(call, headers)).code).toBe("HEADER_MALFORMED");
    });

    it("cannot be moved without the secret", async () => {
      const call = aCall(VARIANTS[name]);
      const headers = Object.entries(call.headers).map(([header, value]): [string, string] => [
        header,
        String(value).replace(String(NOW), String(NOW + 1)),
      ]);
      expect((await refusalOf(call, headers)).code).toBe("SIGNATURE_MISMATCH");
    });
  },
);
