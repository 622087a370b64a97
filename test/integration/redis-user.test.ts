/** The user of docs/deployment.md, with exactly the permissions that stand there. */
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { ask, publish, startApi } from "../support/api.ts";
import { cookieOf, SESSION, shown, signIn } from "../support/console.ts";
import { askDoctor } from "../support/doctor.ts";
import { isDrained } from "../support/drained.ts";
import { aLetter, bury } from "../support/letters.ts";
import { startReceiver } from "../support/receiver.ts";
import { readRepositoryFile } from "../support/repository.ts";
import { failuresOf, startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const [, listed = ""] = readRepositoryFile("docs/deployment.md").split(/<!-- \/?acl -->/);
const [, name = "", rules = ""] = /^user (\S+) (.*)$/m.exec(listed) ?? [];

describe("a user of Redis with the permissions that docs/deployment.md lists", () => {
  it("is enough to publish, deliver, retry, bury, replay, park, manage, sign in and look, and is refused nothing", async () => {
    await using redis = await startRedis("--appendonly", "yes");
    const admin = new Redis(redis.url);
    await admin.call("ACL", "SETUSER", name, ...rules.split(" "));
    const url = redis.url.replace("redis://", `redis://${name}:change-me@`);
    await using failing = await startReceiver(503);
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave({ ...redis, url }, { breakerFailureThreshold: 1_000 });
    await using api = await startApi(hookwave);
    await hookwave.endpoints.add({ id: "good", url: receiver.url, rateLimit: { count: 1, perMs: 1_000 } });
    await hookwave.endpoints.add({ id: "bad", url: failing.url, retrySchedule: [50] });
    await bury(redis, [aLetter({ eventId: "evt_0", endpoint: "good" })]);

    for (const id of ["evt_1", "evt_2"])
      expect((await publish(api, `{"type":"thing.made","id":"${id}","data":{}}`)).status).toBe(202);
    await hookwave
      .publish({ type: "thing.made", data: {} }, { durability: "replicated" })
      .catch(() => undefined);
    await receiver.received(2);
    await until("all is delivered or given up", () => isDrained(hookwave));
    for (const path of ["/readyz", "/health/webhooks", "/metrics", "/api/v1/status", "/api/v1/events"])
      expect(await ask(`${api.url}${path}`), path).toMatchObject({ status: 200 });
    const { token } = await hookwave.keys.create({ name: "ops", roles: ["admin"] });
    const cookie = cookieOf(await signIn(api, token));
    expect(await shown(api, { cookie })).toMatchObject({ body: { by: { name: "ops" } } });
    const headers = { cookie, "sec-fetch-site": "same-origin" };
    expect(await ask(`${api.url}${SESSION}`, { method: "DELETE", headers })).toMatchObject({ status: 204 });
    const [letter] = (await hookwave.deadLetters.list({}, { after: null, limit: 1 })).data;
    await hookwave.deadLetters.replay(letter?.id ?? "");
    await hookwave.endpoints.remove("bad");

    expect(await admin.call("ACL", "LOG")).toEqual([]);
    expect(failuresOf(hookwave)).toEqual([]);
    const { of } = await askDoctor(["--redis", url], { HOOKWAVE_DATA_DIR: redis.dataDir });
    expect(of("redis.connection")).toEqual([]);
    expect(of("queues")).toMatchObject([{ level: "ok" }]);
    admin.disconnect();
  });
});
