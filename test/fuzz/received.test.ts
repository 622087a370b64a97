/** Whatever a receiver is sent, `verify` accepts what was signed and refuses the rest by name: nothing else comes out. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VerificationError } from "../../src/receiver/verification-error.ts";
import { CASES, hostileText, inherited, LARGE } from "../support/hostile.ts";
import { aCall, type Call, textOf, VARIANT_NAMES, VARIANTS, verifyCall } from "../unit/receiver/requests.ts";

const CALLS = VARIANT_NAMES.map((name) => aCall(VARIANTS[name]));
const HEADER_NAMES = [...new Set(CALLS.flatMap(({ headers }) => Object.keys(headers)))];
const HEADER_TEXTS = CALLS.flatMap(({ headers }) => Object.values(headers).map(String));

/** True when it is accepted; an error that is no refusal is thrown on. */
async function isAccepted(call: Call): Promise<boolean> {
  try {
    const event = await verifyCall(call);
    expect(Object.getPrototypeOf(event)).toBe(Object.prototype);
    return true;
  } catch (error) {
    if (error instanceof VerificationError) return false;
    throw error;
  }
}

const anyCall = fc.constantFrom(...CALLS);

describe("any request that a receiver may get", () => {
  it("is refused when its body is not the one that was signed", async () => {
    const before = inherited();
    const body = hostileText(CALLS.map(textOf));
    await fc.assert(
      fc.asyncProperty(anyCall, body, async (call, text) => {
        const isSigned = text === textOf(call);
        expect(await isAccepted({ ...call, body: new TextEncoder().encode(text) })).toBe(isSigned);
      }),
      CASES,
    );
    for (const call of CALLS)
      for (const text of LARGE) expect(await isAccepted({ ...call, body: text })).toBe(false);
    expect(inherited()).toBe(before);
  });

  it("is accepted or refused whatever its headers, and never with the body of another", async () => {
    const value = fc.oneof(
      { arbitrary: hostileText(HEADER_TEXTS), weight: 4 },
      fc.constant(undefined),
      fc.array(hostileText(HEADER_TEXTS), { maxLength: 3 }),
    );
    const headers = fc.dictionary(fc.oneof(fc.constantFrom(...HEADER_NAMES), fc.string()), value, {
      maxKeys: 4,
    });
    await fc.assert(
      fc.asyncProperty(anyCall, headers, fc.boolean(), async (call, changes, isSpoiled) => {
        const body = isSpoiled ? `${textOf(call)} ` : call.body;
        const accepted = await isAccepted({ ...call, body, headers: { ...call.headers, ...changes } });
        expect(accepted && isSpoiled).toBe(false);
      }),
      CASES,
    );
  });

  it("is refused or accepted in no time when a header is very long", async () => {
    for (const call of CALLS)
      for (const name of Object.keys(call.headers))
        for (const text of LARGE) await isAccepted({ ...call, headers: { ...call.headers, [name]: text } });
  });
});
