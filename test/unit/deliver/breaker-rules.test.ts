/** What counts against an endpoint's health. */
import { describe, expect, it } from "vitest";
import { type Outcome, UNREACHABLE_REASONS } from "../../../src/core/outcome.ts";
import { isUnhealthy } from "../../../src/deliver/breaker-rules.ts";

const refused = (status: number): Outcome => ({
  kind: "refused",
  status,
  retryAfterMs: null,
  instruction: null,
});

describe("isUnhealthy", () => {
  it.each([408, 429, 500, 502, 503, 504, 599])("holds %i against the endpoint", (status) => {
    expect(isUnhealthy(refused(status))).toBe(true);
  });

  it.each([301, 400, 401, 404, 410, 413, 422])("does not hold %i against the endpoint", (status) => {
    expect(isUnhealthy(refused(status))).toBe(false);
  });

  it.each(UNREACHABLE_REASONS)("holds silence (%s) against the endpoint", (reason) => {
    expect(isUnhealthy({ kind: "unreachable", reason })).toBe(true);
  });

  it.each<Outcome>([
    { kind: "delivered", status: 200 },
    { kind: "blocked", reason: "blocked_destination" },
  ])("holds neither a success nor our own doing against it: $kind", (outcome) => {
    expect(isUnhealthy(outcome)).toBe(false);
  });
});
