/** The audit log: every change that management makes has its entry, whichever way it was asked for, and no entry a secret. */
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AuditEntry } from "../../src/core/audit.ts";
import { createKeys } from "../../src/store/keys.ts";
import { type Answer, type Api, ask, startApi } from "../support/api.ts";
import { aLetter, bury } from "../support/letters.ts";
import { startReceiver } from "../support/receiver.ts";
import { say } from "../support/say.ts";
import {
  LOOPBACK,
  startHookwave,
  startRedis,
  type TestHookwave,
  type TestRedis,
} from "../support/service.ts";
import { until } from "../support/until.ts";
import { URL_OF_NOBODY } from "../support/webhooks.ts";

const KEY = "k".repeat(32);
const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const FIRST = { after: null, limit: 100 } as const;
const { audit: AUDIT } = createKeys("{hookwave}");

let redis: TestRedis;
let hookwave: TestHookwave;
beforeEach(async () => {
  redis = await startRedis();
  hookwave = await startHookwave(redis, { role: "api", apiKey: KEY });
});
afterEach(async () => {
  await hookwave.close();
  await redis[Symbol.asyncDispose]();
});

/** Oldest first. */
const entries = async (): Promise<readonly AuditEntry[]> =>
  (await hookwave.audit.list({}, FIRST)).data.toReversed();
const actions = async (): Promise<readonly string[]> =>
  (await entries()).map(({ action, target }) => (target === null ? action : `${action} ${target}`));

function order(
  api: Api,
  method: string,
  path: string,
  body?: unknown,
  headers: object = {},
): Promise<Answer> {
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  const type = body === undefined ? {} : { "content-type": "application/json" };
  return ask(`${api.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${KEY}`, ...type, ...headers },
    ...json,
  });
}

describe("the audit log", () => {
  it("says who changed what, under which request, from what to what", async () => {
    await using api = await startApi(hookwave);
    const { id, token } = await hookwave.keys.create({ name: "deploy bot", roles: ["admin"] });
    await order(api, "POST", "/webhooks", {
      id: "shop",
      url: "https://shop.example/in/tok_1",
      events: ["a.b"],
    });
    const changes = { url: "https://shop.example/in/tok_2", events: ["a.b", "a.c"], description: "the shop" };
    await order(api, "PATCH", "/webhooks/shop", changes, {
      authorization: `Bearer ${token}`,
      "x-request-id": "deploy-7",
    });

    const [made, created, changed] = await entries();
    expect(made).toMatchObject({
      action: "key.created",
      target: id,
      by: { id: "program", name: "program" },
      requestId: null,
      before: null,
      after: { name: "deploy bot", roles: ["admin"] },
    });
    expect(created).toMatchObject({
      action: "endpoint.created",
      by: { id: "bootstrap" },
      before: null,
      after: {
        url: "https://shop.example/***",
        events: ["a.b"],
        secrets: "hidden",
        headers: null,
        isActive: true,
      },
    });
    expect(changed).toEqual({
      id: expect.stringMatching(/^\d+-\d+$/),
      at: expect.stringMatching(/^20\d\d-.*Z$/),
      action: "endpoint.changed",
      target: "shop",
      by: { id, name: "deploy bot" },
      requestId: "deploy-7",
      before: { url: "https://shop.example/***", events: ["a.b"], description: "" },
      after: { url: "https://shop.example/*** (changed)", events: ["a.b", "a.c"], description: "the shop" },
    });
  });

  it("has an entry for each change of an endpoint, a key or the phase, and none where nothing was changed", async () => {
    await hookwave.endpoints.add({ id: "one", url: URL_OF_NOBODY });
    await hookwave.endpoints.add({ id: "one", url: URL_OF_NOBODY, description: "again" });
    await hookwave.endpoints.ensure({ id: "two", url: URL_OF_NOBODY, secrets: [SECRET] });
    await hookwave.endpoints.ensure({ id: "two", url: URL_OF_NOBODY, secrets: [SECRET] });
    await hookwave.endpoints.disable("one", "for now");
    await hookwave.endpoints.disable("one", "for now");
    await hookwave.endpoints.enable("one");
    await hookwave.endpoints.rotateSecret("one");
    await hookwave.endpoints.amend("one", {});
    await hookwave.endpoints.remove("one");
    await expect(hookwave.endpoints.remove("one")).rejects.toMatchObject({ code: "ENDPOINT_UNKNOWN" });
    await expect(hookwave.endpoints.create({ id: "two", url: URL_OF_NOBODY })).rejects.toThrow("two");
    const { id } = await hookwave.keys.create({ name: "a", roles: ["read"] });
    await hookwave.keys.revoke(id);
    await expect(hookwave.keys.revoke(id)).rejects.toMatchObject({ code: "KEY_UNKNOWN" });
    const change = { forMs: null, reason: "to see", backlog: null, shares: null, by: "ann" } as const;
    await hookwave.migration.set({ phase: "dual", ...change });

    expect(await actions()).toEqual([
      "endpoint.created one",
      "endpoint.changed one",
      "endpoint.created two",
      "endpoint.disabled one",
      "endpoint.enabled one",
      "endpoint.secret_rotated one",
      "endpoint.removed one",
      `key.created ${id}`,
      `key.revoked ${id}`,
      "migration.set",
    ]);
    const all = await entries();
    expect(all[3]).toMatchObject({
      before: { isActive: true },
      after: { isActive: false, disabledBecause: "for now" },
    });
    expect(all[5]).toMatchObject({ before: { secrets: "hidden" }, after: { secrets: "changed" } });
    expect(all[6]).toMatchObject({ before: { description: "again" }, after: null });
    expect(all[9]).toMatchObject({
      before: { phase: "webhook" },
      after: { phase: "dual", reason: "to see" },
    });
  });

  it("has an entry for what is sent again, given up for good or stopped, and none for what was refused", async () => {
    await hookwave.endpoints.add({ id: "one", url: URL_OF_NOBODY });
    const made = ["evt_1", "evt_2", "evt_3"].map((eventId) => aLetter({ eventId, endpoint: "one" }));
    await bury(redis, made);
    const [first = "", second = ""] = (await hookwave.deadLetters.list({}, FIRST)).data.map((one) => one.id);
    await hookwave.deadLetters.replay(first);
    await hookwave.deadLetters.remove(second);
    const replay = await hookwave.replays.begin({ ratePerSecond: 7 });
    await hookwave.replays.order(replay.id, "pause");
    await hookwave.replays.order(replay.id, "resume");
    await hookwave.replays.order(replay.id, "cancel");
    await expect(hookwave.deadLetters.purge({}, 9)).rejects.toMatchObject({ code: "PURGE_UNCONFIRMED" });
    await hookwave.deadLetters.purge({}, 1);
    for (const refused of [
      () => hookwave.deadLetters.replay("none"),
      () => hookwave.deadLetters.remove("none"),
      () => hookwave.events.replay("none", null),
      () => hookwave.deliveries.retry("none.none"),
      () => hookwave.deliveries.cancel("none.none"),
      () => hookwave.replays.order("none", "cancel"),
    ])
      await expect(refused()).rejects.toMatchObject({ code: expect.stringMatching(/_UNKNOWN$/) });

    expect((await actions()).slice(1)).toEqual([
      `dead_letter.replayed ${first}`,
      `dead_letter.removed ${second}`,
      "replay.begun",
      `replay.paused ${replay.id}`,
      `replay.resumed ${replay.id}`,
      `replay.cancelled ${replay.id}`,
      "dead_letters.purged",
    ]);
    expect((await entries()).at(-1)).toMatchObject({ after: { filter: {}, confirmedCount: 1 } });
  });

  it("has what a worker does on a receiver's word, and the environment's endpoint", async () => {
    await using receiver = await startReceiver(410);
    await using worker = await startHookwave(redis, {
      ...LOOPBACK,
      webhookUrl: receiver.url,
      webhookSecret: SECRET,
      webhookProfile: "standard",
    });
    await worker.publish({ type: "thing.made", data: {} });
    await until("it is disabled", async () => (await actions()).length === 2);

    expect(await entries()).toMatchObject([
      { action: "endpoint.created", target: "default", by: { id: "environment" } },
      { action: "endpoint.disabled", target: "default", by: { id: "service" }, after: { isActive: false } },
    ]);
  });

  it("does nothing that it cannot write down", async () => {
    await hookwave.endpoints.add({ id: "one", url: URL_OF_NOBODY });
    await bury(redis, [aLetter({ eventId: "evt_1", endpoint: "one" })]);
    const admin = new Redis(redis.url);
    await admin.del(AUDIT);
    // Something else lies where the entries would.
    await admin.set(AUDIT, "no stream");
    const [letter] = (await hookwave.deadLetters.list({}, FIRST)).data;

    await expect(hookwave.deadLetters.remove(letter?.id ?? "")).rejects.toThrow("WRONGTYPE");
    expect(await hookwave.deadLetters.count({})).toBe(1);
    admin.disconnect();
  });

  it("does not keep people from making room when Redis is out of memory", async () => {
    await hookwave.endpoints.add({ id: "one", url: URL_OF_NOBODY });
    await bury(redis, [
      aLetter({ eventId: "evt_1", endpoint: "one" }),
      aLetter({ eventId: "evt_2", endpoint: "one" }),
    ]);
    const admin = new Redis(redis.url);
    await admin.config("SET", "maxmemory", "1");
    try {
      expect(await hookwave.deadLetters.purge({}, 2)).toBe(2);
      await hookwave.endpoints.remove("one");
    } finally {
      await admin.config("SET", "maxmemory", "0");
      admin.disconnect();
    }
    expect((await actions()).slice(-2)).toEqual(["dead_letters.purged", "endpoint.removed one"]);
  });

  it("is bounded: the oldest entries end", async () => {
    const admin = new Redis(redis.url);
    const filler = admin.pipeline();
    for (let at = 0; at < 12_000; at += 1) filler.xadd(AUDIT, "*", "entry", "{}");
    await filler.exec();
    await hookwave.endpoints.add({ id: "one", url: URL_OF_NOBODY });
    expect(await admin.xlen(AUDIT)).toBeLessThan(10_200);
    expect(await actions()).toEqual(["endpoint.created one"]);
    admin.disconnect();
  });
});

describe("reading the audit log", () => {
  beforeEach(async () => {
    for (const id of ["a", "b", "c"]) await hookwave.endpoints.add({ id, url: URL_OF_NOBODY });
    await hookwave.endpoints.rotateSecret("b");
  });

  it("is by page, newest first, narrowed to a target, an action or an actor; for admins", async () => {
    await using api = await startApi(hookwave);
    const read = async (query: string) => {
      const { status, body } = await order(api, "GET", `/audit${query}`);
      expect(status).toBe(200);
      return body as { data: { action: string; target: string }[]; next: string | null };
    };
    const targets = async (query: string) => (await read(query)).data.map(({ target }) => target);

    const first = await read("?limit=3");
    expect(first.data.map(({ target }) => target)).toEqual(["b", "c", "b"]);
    expect(await read(`?limit=3&after=${first.next}`)).toMatchObject({ data: [{ target: "a" }], next: null });
    expect(await targets("?target=b")).toEqual(["b", "b"]);
    expect(await targets("?action=endpoint.secret_rotated")).toEqual(["b"]);
    expect(await targets("?by=program&limit=1")).toEqual(["b"]);
    expect(await targets("?by=bootstrap")).toEqual([]);
    expect(await order(api, "GET", "/audit?after=x")).toMatchObject({
      status: 400,
      body: { code: "CURSOR_INVALID" },
    });
    const { token } = await hookwave.keys.create({ name: "reader", roles: ["read"] });
    const asReader = { authorization: `Bearer ${token}` };
    expect(await order(api, "GET", "/audit", undefined, asReader)).toMatchObject({ status: 403 });
  });

  it("is by command, over the API and straight on Redis, which is an actor of its own", async () => {
    const straight = ["--redis", redis.url];
    await say("keys", "create", "bot", "--role", "read", ...straight);
    const { stdout, code } = await say("audit", "--limit", "2", ...straight);
    expect(code).toBe(0);
    const [head = "", made = "", rotated = ""] = stdout.split("\n");
    expect(head).toMatch(/AT +BY +ACTION +TARGET +CHANGE/);
    expect(made).toMatch(/command with --redis +key\.created +[0-9a-f]{16} +name: "bot", roles: \["read"\]/);
    expect(rotated).toMatch(/program +endpoint\.secret_rotated +b +secrets: "hidden" → "changed"/);
  });
});
