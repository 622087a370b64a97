import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Endpoint } from "../../../src/core/endpoint.ts";
import { auditEntry } from "../../../src/manage/audit.ts";
import { endpointChange } from "../../../src/manage/audit-fields.ts";
import { canary, found, signingSecret } from "../../support/canaries.ts";
import { casesOf } from "../../support/depth.ts";
import { anEndpoint } from "../../support/endpoint.ts";

/** Secrets by where they lie; new ones each time. */
function secretsOf() {
  return {
    "a signing secret": signingSecret(),
    "the secret before it": signingSecret(),
    "a header's value": canary(),
    "a URL's path": canary(),
    "a URL's query": canary(),
    "a URL's user": canary(),
    "a URL's password": canary(),
  };
}

function endpointWith(secrets: ReturnType<typeof secretsOf>, open: Partial<Endpoint>): Endpoint {
  const user = `${secrets["a URL's user"]}:${secrets["a URL's password"]}`;
  return anEndpoint({
    ...open,
    url: `https://${user}@shop.example/${secrets["a URL's path"]}?token=${secrets["a URL's query"]}`,
    headers: { "x-api-key": secrets["a header's value"] },
    secrets: [
      { value: secrets["a signing secret"], expiresAt: null },
      { value: secrets["the secret before it"], expiresAt: 1 },
    ],
  });
}

const open = fc.record(
  {
    events: fc.array(fc.constantFrom("a.b", "job.*", "*")),
    isActive: fc.boolean(),
    disabledBecause: fc.option(fc.string()),
    description: fc.string(),
    metadata: fc.dictionary(fc.string(), fc.string()),
    timeoutMs: fc.nat(),
    rateLimit: fc.option(fc.record({ count: fc.nat(), perMs: fc.nat() })),
  },
  { requiredKeys: [] },
);

describe("an endpoint in the audit log", () => {
  it("has no secret in it, nor the length of one, whatever was changed", () => {
    const side = fc.option(open);
    fc.assert(
      fc.property(side, side, fc.boolean(), (one, other, isSameSecrets) => {
        const [first, second] = [secretsOf(), secretsOf()];
        const before = one && endpointWith(first, one);
        const after = other && endpointWith(isSameSecrets ? first : second, other);
        const change = endpointChange(before, after);
        const text = JSON.stringify(change && auditEntry("endpoint.changed", "ep_1", change));
        expect(found(first, text)).toEqual([]);
        expect(found(second, text)).toEqual([]);
        for (const fields of [change?.before, change?.after])
          for (const name of ["secrets", "headers"])
            expect(["hidden", "changed", null, undefined]).toContain(fields?.[name]);
      }),
      { numRuns: casesOf(2_000) },
    );
  });

  it("says that a part was changed which is not shown", () => {
    const secrets = secretsOf();
    const before = endpointWith(secrets, {});
    const changed = { ...secrets, "a URL's path": canary(), "a header's value": canary() };
    expect(endpointChange(before, endpointWith(changed, {}))).toEqual({
      before: { url: "https://***@shop.example/***", headers: "hidden" },
      after: { url: "https://***@shop.example/*** (changed)", headers: "changed" },
    });
  });

  it("is nothing where nothing was changed but the time of the change", () => {
    const before = anEndpoint();
    expect(endpointChange(before, { ...before, updatedAt: "2030-01-01T00:00:00.000Z" })).toBeNull();
  });

  it("keeps of a value that is long only how long it is", () => {
    const change = endpointChange(anEndpoint(), anEndpoint({ metadata: { note: "n".repeat(5_000) } }));
    expect(change?.after).toEqual({ metadata: "of 5011 characters" });
  });
});
