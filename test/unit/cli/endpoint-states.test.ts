/** The states of a list: what changes while it is read does not fail it. */
import { describe, expect, it } from "vitest";
import type { ApiClient } from "../../../src/cli/api-client.ts";
import { readStates, stateText } from "../../../src/cli/endpoint-states.ts";
import { HookwaveError } from "../../../src/core/errors.ts";

const FAILING = {
  id: "gone",
  url: "https://example.com/hook",
  is_active: true,
  breaker: "closed",
  failing_since: "2026-11-29T12:00:00.000Z",
  waiting: 0,
};

const unknown = () =>
  Promise.reject(new HookwaveError("ENDPOINT_UNKNOWN", { expected: "a", got: "b", remedy: "c" }));

/** One endpoint that fails; what is asked about its attempts is answered so. */
function answering(logs: () => Promise<never>): ApiClient {
  const ask = async ({ root }: { readonly root?: string }) =>
    root === "health" ? { status: "degraded", endpoints: [FAILING], next: null } : await logs();
  return {
    ask: ask as ApiClient["ask"],
    askText: unknown,
    askStream: unknown,
    read: () => expect.unreachable(),
  };
}

describe("the states of endpoints", () => {
  it("leave out why one fails that was removed while they were read", async () => {
    const states = await readStates(answering(unknown));
    const state = states.get("gone") ?? expect.unreachable();
    const nowMs = Date.parse(FAILING.failing_since) + 60_000;
    expect(stateText({ is_active: true, disabled_because: null }, state, nowMs)).toMatch(
      /^failing for 1\.0 min$|^failing for \S+ \S+$/,
    );
  });

  it("are not read where anything else is refused", async () => {
    const refused = () =>
      Promise.reject(new HookwaveError("CURSOR_INVALID", { expected: "a", got: "b", remedy: "c" }));
    await expect(readStates(answering(refused))).rejects.toMatchObject({ code: "CURSOR_INVALID" });
  });
});
