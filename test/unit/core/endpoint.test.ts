import { describe, expect, it } from "vitest";
import { liveSecrets, type Secret, subscribes } from "../../../src/core/endpoint.ts";
import { anEndpoint } from "../../support/endpoint.ts";

describe("liveSecrets", () => {
  const current: Secret = { value: "new", expiresAt: null };
  const retiring: Secret = { value: "old", expiresAt: 1_000 };

  it("holds both secrets while a rotation is under way, newest first", () => {
    expect(liveSecrets(anEndpoint({ secrets: [current, retiring] }), 999)).toEqual(["new", "old"]);
  });

  it("drops a secret at the moment it expires", () => {
    expect(liveSecrets(anEndpoint({ secrets: [current, retiring] }), 1_000)).toEqual(["new"]);
  });
});

describe("subscribes", () => {
  it("asks each of the endpoint's subscriptions", () => {
    const endpoint = anEndpoint({ events: ["model.registered", "job.*"] });
    expect(subscribes(endpoint, "model.registered")).toBe(true);
    expect(subscribes(endpoint, "job.completed")).toBe(true);
    expect(subscribes(endpoint, "task_started")).toBe(false);
  });
});
