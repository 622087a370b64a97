import { describe, expect, it } from "vitest";
import { asEndpointId, asEventId } from "../../../src/core/brand.ts";
import { type Endpoint, PROFILE_NAMES } from "../../../src/core/endpoint.ts";
import type { Destination, PublishedEvent } from "../../../src/core/event.ts";
import { requestTo } from "../../../src/deliver/outgoing.ts";
import {
  type Circumstances,
  explainDestination,
  explainEndpoint,
} from "../../../src/manage/explain-receiver.ts";
import { anEndpoint } from "../../support/endpoint.ts";
import { publicPolicy } from "../../support/transports.ts";

const NOW = Date.parse("2026-01-31T12:00:00Z");
const moment = { startedAtMs: NOW, attemptNumber: 1, nonce: "0d9a5a9e-3f5c-4f57-9d4e-111111111111" };
const earlier = { ...moment, startedAtMs: NOW - 1 };
const event: PublishedEvent = {
  id: asEventId("evt_1"),
  type: "job.completed",
  timestamp: "2026-01-31T12:00:00Z",
  data: '{"job_id":"j","n":12345678901234567890}',
};
const SECRET = "a secret of the endpoint";
const ready = (changes: Partial<Endpoint> = {}): Endpoint =>
  anEndpoint({ secrets: [{ value: SECRET, expiresAt: null }], ...changes });
const circumstances = (changes: Partial<Circumstances> = {}): Circumstances => ({
  moment,
  policy: publicPolicy,
  isDuplicate: false,
  openUntil: () => null,
  rateWaitMs: async () => 0,
  ...changes,
});

const explain = (endpoint: Endpoint, changes: Partial<Circumstances> = {}) =>
  explainEndpoint(endpoint, event, circumstances(changes));

describe("an endpoint that would get the event", () => {
  it("gets it now, with the request that a delivery would send but for what is secret", async () => {
    const endpoint = ready({ headers: { Authorization: "Bearer open sesame", "X-Tenant": "acme" } });
    const { wouldSend, blockers, request } = await explain(endpoint);
    expect({ wouldSend, blockers }).toEqual({ wouldSend: "now", blockers: [] });
    const sent = requestTo(endpoint, event, moment);
    expect(request).toEqual({
      method: "POST",
      url: sent.url,
      body: sent.body,
      headers: {
        ...sent.headers,
        "webhook-signature": "••••",
        Authorization: "••••",
        "X-Tenant": "••••",
      },
    });
  });

  it.each(PROFILE_NAMES)("shows no signature by its secret in profile %s", async (profile) => {
    const endpoint = ready({ profile });
    const { request } = await explain(endpoint);
    const sent = requestTo(endpoint, event, moment);
    const masked = Object.keys(sent.headers).filter((name) => request?.headers[name] === "••••");
    expect(masked).toContain("webhook-signature");
    expect(masked.length).toBe(profile === "standard" ? 1 : 2);
    for (const name of masked) expect(JSON.stringify(request)).not.toContain(sent.headers[name]);
  });
});

describe("an endpoint that would not get the event", () => {
  it.each<[string, Partial<Endpoint>, Partial<Circumstances>, RegExp]>([
    [
      "not_subscribed",
      { events: ["task.*", "job.failed"] },
      {},
      /task\.\*, job\.failed, which does not cover job\.comp/,
    ],
    ["disabled", { isActive: false, disabledBecause: "the receiver said it is gone" }, {}, /is gone\.$/],
    ["duplicate", {}, { isDuplicate: true }, /id evt_1 has been published/],
    ["secret_missing", { secrets: [{ value: SECRET, expiresAt: NOW - 1 }] }, {}, /no secret/],
    ["blocked_url", { url: "https://receiver.example.com:6379/" }, {}, /port 6379/],
    ["blocked_destination", { url: "https://10.0.0.1/" }, {}, /not a public one/],
  ])("says %s", async (code, changes, surroundings, detail) => {
    const { wouldSend, blockers } = await explain(ready(changes), surroundings);
    expect(wouldSend).toBe("never");
    expect(blockers).toEqual([{ code, detail: expect.stringMatching(detail), until: null }]);
  });

  it("hears every reason at once", async () => {
    const endpoint = ready({ isActive: false, events: ["a.b"], url: "https://localhost/" });
    const { blockers } = await explain(endpoint, { isDuplicate: true });
    expect(blockers.map(({ code }) => code)).toEqual([
      "not_subscribed",
      "disabled",
      "duplicate",
      "blocked_url",
    ]);
  });

  it("is shown the request where the event is for it, and none where it is not or cannot be signed", async () => {
    expect((await explain(ready({ isActive: false }))).request).not.toBeNull();
    expect((await explain(ready({ events: ["a.b"] }))).request).toBeNull();
    expect((await explain(anEndpoint({ profile: "ai-core" }))).request).toBeNull();
  });

  it("is not told the hundred types it subscribes to, but ten", async () => {
    const events = Array.from({ length: 100 }, (_, index) => `other.number${index}`);
    const [blocker] = (await explain(ready({ events }))).blockers;
    expect(blocker?.detail).toContain("other.number9 and 90 more");
  });
});

describe("an endpoint that would get the event later", () => {
  it("waits for its breaker until the next probe", async () => {
    const { wouldSend, blockers } = await explain(ready(), { openUntil: () => NOW + 30_000 });
    expect(wouldSend).toBe("later");
    expect(blockers).toEqual([
      {
        code: "breaker_open",
        detail: expect.stringContaining("2026-01-31T12:00:30.000Z"),
        until: NOW + 30_000,
      },
    ]);
  });

  it("is the probe itself once that is due", async () => {
    expect((await explain(ready(), { openUntil: () => NOW - 1 })).wouldSend).toBe("now");
  });

  it("waits for its rate, which only one with a limit is asked for", async () => {
    const limited = ready({ rateLimit: { count: 5, perMs: 1_000 } });
    const { wouldSend, blockers } = await explain(limited, { rateWaitMs: async () => 1_200 });
    expect(wouldSend).toBe("later");
    expect(blockers).toMatchObject([{ code: "rate_limited", until: NOW + 1_200 }]);
    const unlimited = await explain(ready(), { rateWaitMs: () => Promise.reject(new Error("asked")) });
    expect(unlimited.wouldSend).toBe("now");
  });

  it("never gets it where something lasting is in the way as well", async () => {
    const { wouldSend } = await explain(ready({ isActive: false }), { openUntil: () => NOW + 30_000 });
    expect(wouldSend).toBe("never");
  });
});

describe("a destination of the event's own", () => {
  const destination: Destination = {
    url: "https://caller.example.com/back?token=t",
    events: ["completed"],
    profile: null,
    keyId: "signer",
  };
  const signer = ready({ id: asEndpointId("signer"), signsDestinations: true, headers: { "X-Key": "k" } });
  const among =
    (...endpoints: readonly Endpoint[]) =>
    (changes: Partial<Destination>, surroundings: Partial<Circumstances> = {}) =>
      explainDestination(
        { ...destination, ...changes },
        { ...event, type: "task_completed" },
        { get: (id) => endpoints.find((one) => one.id === id) },
        circumstances(surroundings),
      );

  it("gets it at its own URL, signed for by the key's endpoint and without its headers", async () => {
    const { wouldSend, url, endpointId, request } = await among(signer)({});
    expect({ wouldSend, url }).toEqual({ wouldSend: "now", url: destination.url });
    expect(endpointId).toMatch(/^dst_[0-9a-f]{32}$/);
    expect(Object.keys(request?.headers ?? {})).not.toContain("X-Key");
  });

  it.each<[string, readonly Endpoint[], Partial<Destination>, RegExp]>([
    ["nobody has the key", [], {}, /No endpoint "signer" signs for destinations\./],
    [
      "the key signs for no destinations",
      [ready({ id: asEndpointId("signer") })],
      {},
      /No endpoint "signer"/,
    ],
    ["the key is not for the profile", [signer], { profile: "ai-core" }, /with the profile ai-core/],
  ])("would get nothing where %s", async (_why, endpoints, changes, detail) => {
    const { wouldSend, blockers, request } = await among(...endpoints)(changes);
    expect({ wouldSend, request }).toEqual({ wouldSend: "never", request: null });
    expect(blockers).toMatchObject([{ code: "key_unknown", detail: expect.stringMatching(detail) }]);
  });

  it("is told when it did not ask for this type", async () => {
    const { blockers } = await among(signer)({ events: ["failed"] });
    expect(blockers).toMatchObject([{ code: "not_subscribed" }]);
  });

  it("is none once the event's end has come", async () => {
    const ended = { ...event, expiresAt: "2026-01-31T13:00:00+01:00" };
    expect((await explainEndpoint(ready(), ended, circumstances())).blockers).toEqual([
      { code: "expired", detail: "It was wanted until 2026-01-31T13:00:00+01:00.", until: null },
    ]);
    const { wouldSend } = await explainEndpoint(ready(), ended, circumstances({ moment: earlier }));
    expect(wouldSend).toBe("now");
  });

  it("is held by its own breaker, not by its signer's", async () => {
    const openUntil: Circumstances["openUntil"] = ({ id }) => (id === "signer" ? NOW + 1_000 : null);
    expect((await among(signer)({}, { openUntil })).wouldSend).toBe("now");
  });
});
