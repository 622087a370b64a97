import { describe, expect, it } from "vitest";
import { bundleEntry, runWithoutNode } from "../../support/web-bundle.ts";
import { aCall, bytesOf, VARIANT_NAMES, VARIANTS } from "./requests.ts";

const MAX_BYTES = 10_000;

describe("the entry hookwave/receiver", async () => {
  const { module, script: receiver, imports } = await bundleEntry("receiver/index.ts");

  it("imports nothing: neither Node nor a dependency", () => {
    expect(imports).toEqual([]);
    expect(module).not.toContain("node:");
    expect(module).not.toMatch(/\brequire\b|\bprocess\.|\bBuffer\b/);
  });

  it(`is at most ${MAX_BYTES} bytes minified`, () => {
    expect(Buffer.byteLength(module)).toBeLessThanOrEqual(MAX_BYTES);
  });

  it("would not run here if it needed Node", () => {
    for (const name of ["process", "Buffer", "require", "setTimeout", "fetch", "Headers", "performance"])
      expect(runWithoutNode(`typeof ${name}`)).toBe("undefined");
  });

  it.each(VARIANT_NAMES)("verifies and refuses %s where there is no Node", async (name) => {
    const call = aCall(VARIANTS[name]);
    const script = `${receiver};
      const { body, changed, headers, secrets, options } = call;
      Promise.all([
        entry.verify(body, headers, secrets, options).then((event) => event.id),
        entry.verify(changed, headers, secrets, options).catch((error) => error.code),
      ])`;
    const given = { ...call, body: bytesOf(call), changed: bytesOf(call).subarray(1) };
    const [id, refusal] = Array.from(Object(await runWithoutNode(script, { call: given })));
    expect(id).toBe("evt_fixture");
    expect(["SIGNATURE_MISMATCH", "DIGEST_MISMATCH"]).toContain(refusal);
  });

  it("handles an event once where there is no Node", async () => {
    const script = `${receiver};
      let runs = 0;
      const inbox = entry.createInbox({ store: entry.createMemoryStore(), handler: () => { runs += 1; } });
      const event = { kind: "custom", id: "evt_1", type: "a", timestamp: "", data: {} };
      Promise.all([inbox.process(event), inbox.process(event)])
        .then(() => inbox.process(event))
        .then(({ kind }) => runs + " " + kind)`;
    expect(await runWithoutNode(script)).toBe("1 duplicate");
  });
});
