import { describe, expect, it, vi } from "vitest";
import { PROFILE_NAMES, type ProfileName } from "../../../src/core/endpoint.ts";
import { verify } from "../../../src/receiver/index.ts";
import { signedFixture } from "../../../src/testing/signed-fixture.ts";
import {
  aCall,
  bytesOf,
  DATA,
  NOW,
  OTHER_SECRET,
  refusalOf,
  SECRET,
  VARIANT_NAMES,
  VARIANTS,
  verifyCall,
} from "./requests.ts";

const PRIVATE_KEY =
  "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
const PUBLIC_KEY = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

describe("verify accepts the published vectors", () => {
  const headers = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  };
  const ed25519 =
    "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";
  const rotation = {
    "webhook-id": "msg_rot",
    "webhook-timestamp": "1700000000",
    "webhook-signature":
      "v1,6kLJZE4eAeGL1Oq0gq6ozj9T6Kr6C8HRoKl3actEBUk= v1,5hK+qG6mhwofCpwvM14o2xNmyweLnf39tOQblWiDpcg=",
  };

  // Their bodies are no events, so what is refused is the payload: after the signature was found to be right.
  it.each([
    ["Standard Webhooks, v1", '{"test": 2432232314}', headers, SECRET, 1_614_265_330],
    [
      "Standard Webhooks, v1a",
      '{"test": 2432232314}',
      { ...headers, "webhook-signature": ed25519 },
      PUBLIC_KEY,
      1_614_265_330,
    ],
    ["a rotation, with the first secret", '{"a":1}', rotation, SECRET, 1_700_000_000],
    ["a rotation, with the second", '{"a":1}', rotation, OTHER_SECRET, 1_700_000_000],
  ])("%s", async (_, body, given, secret, at) => {
    const refusal = await verify(body, given, secret, { now: () => at * 1_000 }).catch(
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({ code: "PAYLOAD_UNREADABLE", status: 400 });
    const changed = await verify(`${body} `, given, secret, { now: () => at * 1_000 }).catch(
      (error: unknown) => error,
    );
    expect(changed).toMatchObject({ code: "SIGNATURE_MISMATCH", status: 401 });
  });

  it("GitHub's", async () => {
    const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    const given = { "X-Hub-Signature-256": signature, "X-GitHub-Event": "greeting" };
    const secret = "It's a Secret to Everybody";
    const refusal = await verify("Hello, World!", given, secret, { profile: "github" }).catch(
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({ code: "PAYLOAD_UNREADABLE" });
  });
});

/** Where the body is nothing but the data, it has to tell the type itself. */
const TYPES: Readonly<Record<ProfileName, string>> = {
  standard: "job.completed",
  hokusai: "model.registered",
  klipstream: "job.completed",
  "ai-core": "job.completed",
  "llm-service": "job.completed",
  github: "job.completed",
  stripe: "unknown",
  hmac: "unknown",
};

describe("verify", () => {
  const job = JSON.parse(DATA);

  it("knows every profile that the sender knows", () => {
    const tested: readonly string[] = Object.values(VARIANTS).map(({ profile }) => profile);
    expect(PROFILE_NAMES.filter((name) => !tested.includes(name))).toEqual([]);
  });

  it.each(VARIANT_NAMES)("gives the event of %s", async (name) => {
    const event = await verifyCall(aCall(VARIANTS[name]));
    expect(event.id).toBe("evt_fixture");
    expect(event.type).toBe(TYPES[VARIANTS[name].profile]);
    expect(event.data).toEqual(
      VARIANTS[name].profile === "klipstream" ? { ...job, model_id: undefined } : job,
    );
    expect(Date.parse(event.timestamp)).toBe(NOW * 1_000);
  });

  it.each(VARIANT_NAMES)(
    "accepts either secret of a rotation of %s, alone and among others",
    async (name) => {
      const call = aCall({ ...VARIANTS[name], secrets: [SECRET] });
      for (const secrets of [
        SECRET,
        [SECRET],
        [OTHER_SECRET, SECRET],
        [SECRET, OTHER_SECRET],
        ["a", "b", "c", SECRET],
      ])
        await expect(verifyCall({ ...call, secrets })).resolves.toMatchObject({ id: "evt_fixture" });
      await expect(refusalOf({ ...call, secrets: [OTHER_SECRET, "a"] })).resolves.toMatchObject({
        code: "SIGNATURE_MISMATCH",
      });
    },
  );

  it.each(VARIANT_NAMES)(
    "tries every secret on %s, whichever one fits, so that time does not tell",
    async (name) => {
      const sign = vi.spyOn(crypto.subtle, "sign");
      const triesWith = async (...secrets: readonly string[]): Promise<number> => {
        sign.mockClear();
        await verifyCall({ ...aCall(VARIANTS[name]), secrets }).catch(() => undefined);
        return sign.mock.calls.length;
      };
      expect(await triesWith(SECRET, OTHER_SECRET, "a")).toBe(3);
      expect(await triesWith("a", OTHER_SECRET, SECRET)).toBe(3);
      expect(await triesWith("a", OTHER_SECRET, "b")).toBe(3);
      sign.mockRestore();
    },
  );

  it.each(["standard", "stripe"] as const)(
    "accepts %s from a sender that signs with two secrets, whichever one it has",
    async (profile) => {
      const call = aCall({ profile, secrets: [OTHER_SECRET, SECRET] });
      for (const secrets of [SECRET, OTHER_SECRET]) await verifyCall({ ...call, secrets });
    },
  );

  it.each(VARIANT_NAMES)(
    "takes bytes, their buffer, a part of a larger one and text of %s alike",
    async (name) => {
      const call = aCall(VARIANTS[name]);
      const bytes = bytesOf(call);
      const larger = Buffer.concat([Buffer.from("before"), bytes, Buffer.from("after")]);
      const view = new DataView(larger.buffer, larger.byteOffset + 6, bytes.length);
      for (const body of [
        bytes,
        bytes.buffer,
        larger.subarray(6, 6 + bytes.length),
        view,
        new TextDecoder().decode(bytes),
      ])
        await expect(verifyCall({ ...call, body })).resolves.toMatchObject({ id: "evt_fixture" });
    },
  );

  it.each(VARIANT_NAMES)("takes the headers of %s in any form and letter case", async (name) => {
    const call = aCall(VARIANTS[name]);
    const pairs = Object.entries(call.headers).map(([header, value]): [string, string] => [
      header,
      String(value),
    ]);
    const forms = [
      new Headers(pairs),
      new Map(pairs),
      pairs,
      Object.fromEntries(pairs.map(([header, value]) => [header.toUpperCase(), value])),
      Object.fromEntries(pairs.map(([header, value]) => [header, [value]])),
      { ...call.headers, "x-absent": undefined },
    ];
    for (const form of forms) await verifyCall(call, form);
  });

  it.each(["llm-service", "github", "stripe"] as const)(
    "tolerates a BOM that %s has signed",
    async (profile) => {
      const call = aCall({ profile, dataText: `\ufeff${DATA}` });
      expect(bytesOf(call)[0]).toBe(0xef);
      await expect(verifyCall(call)).resolves.toMatchObject({ data: JSON.parse(DATA) });
    },
  );

  it("takes this machine's clock when it is given none", async () => {
    const { body, headers } = signedFixture({ secrets: [SECRET] });
    await expect(verify(body, headers, SECRET)).resolves.toMatchObject({
      kind: "custom",
      type: "invoice.paid",
    });
    const old = signedFixture({ secrets: [SECRET], signedAt: Date.now() - 400_000 });
    await expect(verify(old.body, old.headers, SECRET)).rejects.toMatchObject({ code: "TIMESTAMP_TOO_OLD" });
    await verify(old.body, old.headers, SECRET, { toleranceSeconds: 500 });
  });

  it("reads headers that can be read but once", async () => {
    const call = aCall(VARIANTS.github);
    const pairs = Object.entries(call.headers).map(([name, value]): [string, string] => [
      name,
      String(value),
    ]);
    await expect(verifyCall(call, pairs.values())).resolves.toMatchObject({ type: "job.completed" });
  });

  it("reads Stripe's signature from a header of another name, where it is told of one", async () => {
    const call = aCall({ profile: "stripe", signatureHeader: "X-Billing-Signature" });
    const options = { ...call.options, signatureHeader: "x-billing-signature" };
    await expect(verifyCall({ ...call, options })).resolves.toMatchObject({ id: "evt_fixture" });
    await expect(verifyCall(call)).rejects.toMatchObject({ code: "HEADER_MISSING" });
  });
});

describe("Ed25519", () => {
  const call = { ...aCall({ profile: "standard", secrets: [PRIVATE_KEY] }), secrets: PUBLIC_KEY };

  it("is verified with the public key, also beside shared secrets", async () => {
    await verifyCall(call);
    await verifyCall({ ...call, secrets: [SECRET, PUBLIC_KEY] });
  });

  it("is refused for changed bytes, another key, and a receiver that has only a shared secret", async () => {
    const otherKey = `whpk_${Buffer.alloc(32, 7).toString("base64")}`;
    expect((await refusalOf({ ...call, body: `${call.body} ` })).code).toBe("SIGNATURE_MISMATCH");
    expect((await refusalOf({ ...call, secrets: otherKey })).code).toBe("SIGNATURE_MISMATCH");
    expect((await refusalOf({ ...call, secrets: SECRET })).code).toBe("SIGNATURE_MISMATCH");
  });

  it("is never verified with the public key as if that were a shared secret", async () => {
    // Anybody knows a public key: an HMAC keyed with it proves nothing.
    for (const name of VARIANT_NAMES.filter((one) => one !== "standard")) {
      const forged = aCall({ ...VARIANTS[name], secrets: [PUBLIC_KEY] });
      expect((await refusalOf({ ...forged, secrets: PUBLIC_KEY })).code).toBe("MISCONFIGURED");
    }
    const forged = aCall({
      profile: "standard",
      secrets: [Buffer.from(PUBLIC_KEY.slice(5), "base64").toString("latin1")],
    });
    expect((await refusalOf({ ...forged, secrets: PUBLIC_KEY })).code).toBe("SIGNATURE_MISMATCH");
  });
});
