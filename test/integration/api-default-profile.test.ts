/** API_DEFAULT_PROFILE: the wire profile of webhooks that are made over HTTP and name none. */
import { describe, expect, it } from "vitest";
import { send, startApi } from "../support/api.ts";
import { startHookwave, startRedis } from "../support/service.ts";

describe("API_DEFAULT_PROFILE", () => {
  it("is the profile of webhooks that name none, made or set as a whole, and of no other", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, { role: "api" });
    await using api = await startApi(hookwave, { settings: { apiDefaultProfile: "klipstream" } });
    const url = "http://127.0.0.1:3000/hook";
    const make = (fields: object) => send(api, "POST", "/api/v1/webhooks", { url, ...fields });

    expect(await make({ id: "none" })).toMatchObject({ status: 201, body: { profile: "klipstream" } });
    expect(await make({ id: "null", profile: null })).toMatchObject({ body: { profile: "klipstream" } });
    expect(await make({ id: "one", profile: "github" })).toMatchObject({ body: { profile: "github" } });
    const change = (method: string, body: object) => send(api, method, "/api/v1/webhooks/one", body);
    expect(await change("PATCH", { description: "a" })).toMatchObject({ body: { profile: "github" } });
    expect(await change("PUT", { url })).toMatchObject({ body: { profile: "klipstream" } });
    expect(await change("PUT", { url, profile: "stripe" })).toMatchObject({ body: { profile: "stripe" } });
    expect((await hookwave.endpoints.add({ url })).profile).toBe("standard");
  });
});
