/** Sources: what may be asked for, that no secret is ever seen again, who changed what, and the warning of those without one. */
import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asSourceId } from "../../src/core/brand.ts";
import type { Happening } from "../../src/core/happening.ts";
import { watchUnsignedSources } from "../../src/manage/unsigned-sources.ts";
import { createKeys } from "../../src/store/keys.ts";
import { connectRedis } from "../../src/store/redis.ts";
import { createSealer } from "../../src/store/sealing.ts";
import { createSources } from "../../src/store/sources.ts";
import { ask, send } from "../support/api.ts";
import {
  callback,
  deliver,
  type Inbox,
  OTHER_SECRET,
  SECRET,
  SOURCES,
  startInbox,
} from "../support/inbox.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";
import { pointersOf } from "../support/webhooks.ts";

let inbox: Inbox;
beforeEach(async () => {
  inbox = await startInbox();
});
afterEach(async () => {
  await inbox[Symbol.asyncDispose]();
});

const HOUR_MS = 60 * 60 * 1_000;

describe("a source", () => {
  it("is made, listed, changed and removed; its secret is never shown", async () => {
    const { api, source } = inbox;
    const made = await source({ description: "the workflows" });
    const shown = {
      ...{ id: "llm", profile: "llm-service", on_invalid: "reject", description: "the workflows" },
      ...{
        signature_header: null,
        signed_content: "body",
        secret_count: 1,
        unsigned: false,
        path: "/in/llm",
      },
    };
    expect(made).toMatchObject({ status: 201, body: shown });
    expect(made.headers.get("location")).toBe(`${SOURCES}/llm`);
    await source({ id: "a", secret: null });

    const listed = await ask(`${api.url}${SOURCES}`);
    expect(listed).toMatchObject({ body: { data: [{ id: "a", unsigned: true }, shown], next: null } });
    const changed = await send(api, "PATCH", `${SOURCES}/llm`, { on_invalid: "flag" });
    expect(changed).toMatchObject({ status: 200, body: { ...shown, on_invalid: "flag" } });
    const without = await send(api, "PATCH", `${SOURCES}/llm`, { secret: null });
    expect(without).toMatchObject({ body: { unsigned: true, secret_count: 0, on_invalid: "flag" } });
    for (const { text } of [made, listed, changed, without]) expect(text).not.toContain(SECRET.slice(6, 20));
    expect(await send(api, "DELETE", `${SOURCES}/llm`)).toMatchObject({ status: 204 });
    for (const method of ["GET", "PATCH", "DELETE"])
      expect(await send(api, method, `${SOURCES}/llm`, method === "PATCH" ? {} : undefined)).toMatchObject({
        status: 404,
        body: { code: "SOURCE_UNKNOWN" },
      });
  });

  it.each([
    ["an id that is no part of a path", { id: "a/b" }, ["#/id"]],
    ["an option that its profile does not heed", { signature_header: "x-sig" }, ["#/signature_header"]],
    ["what is signed, likewise", { signed_content: "timestamp.body" }, ["#/signed_content"]],
    ["a header that is none", { profile: "hmac", signature_header: "a b" }, ["#/signature_header"]],
    ["a secret that is empty", { secret: "" }, ["#/secret"]],
    ["a sender's private key", { profile: "standard", secret: `whsk_${"A".repeat(43)}=` }, ["#/secret"]],
    ["a public key that is none", { profile: "standard", secret: "whpk_AAAA" }, ["#/secret"]],
    ["a public key where signatures are symmetric", { secret: `whpk_${"A".repeat(43)}=` }, ["#/secret"]],
    ["a secret of the wrong form", { profile: "standard", secret: "hunter2" }, ["#/secret"]],
    ["too many secrets", { secret: Array.from({ length: 6 }, (_, n) => `secret-${n}`) }, ["#/secret"]],
    ["a description that is a book", { description: "x".repeat(501) }, ["#/description"]],
  ])("is refused with %s, and no secret is repeated", async (_what, members, pointers) => {
    const asked = { id: "llm", profile: "llm-service", secret: SECRET, ...members };
    const refused = await send(inbox.api, "POST", SOURCES, asked);
    expect(refused).toMatchObject({ status: 422, body: { code: "SOURCE_INVALID" } });
    expect(pointersOf(refused)).toEqual(pointers);
    expect(refused.text).not.toMatch(/hunter2|whsk_A|secret-0/);
  });

  it("is not made twice, and there are a hundred of them at the most", async () => {
    const { api, source } = inbox;
    await source();
    expect(await send(api, "POST", SOURCES, { id: "llm", profile: "hmac" })).toMatchObject({
      status: 409,
      body: { code: "SOURCE_CONFLICT" },
    });
    await Promise.all(Array.from({ length: 99 }, (_, n) => source({ id: `s${n}` })));
    expect(await send(api, "POST", SOURCES, { id: "more", profile: "hmac" })).toMatchObject({
      status: 422,
      body: { code: "SOURCE_INVALID" },
    });
  });

  it("has an entry in the audit log for each change, which holds no secret", async () => {
    const { api, source, hookwave } = inbox;
    await source();
    await send(api, "PATCH", `${SOURCES}/llm`, { on_invalid: "flag" });
    await send(api, "PATCH", `${SOURCES}/llm`, { secret: [OTHER_SECRET, SECRET] });
    await send(api, "PATCH", `${SOURCES}/llm`, {});
    await send(api, "DELETE", `${SOURCES}/llm`);

    const { data } = await hookwave.audit.list({ target: "llm" }, { after: null, limit: 10 });
    expect(data.toReversed()).toMatchObject([
      {
        action: "source.created",
        before: null,
        after: { profile: "llm-service", onInvalid: "reject", secrets: "hidden" },
      },
      { action: "source.changed", before: { onInvalid: "reject" }, after: { onInvalid: "flag" } },
      { action: "source.changed", before: { secrets: "hidden" }, after: { secrets: "changed" } },
      { action: "source.removed", after: null },
    ]);
    expect(JSON.stringify(data)).not.toMatch(/whsec/);
  });

  it("lies in Redis with its secrets sealed, for it alone", async () => {
    const { redis, source } = inbox;
    await source();
    await using client = disposableRedis(redis.url);
    const text = String(await client.redis.hget("{hookwave}:inbox:sources", "llm"));
    expect(text).not.toContain(SECRET.slice(6));
    // Who can write there makes no source of his own out of it, which would verify with that secret.
    await client.redis.hset("{hookwave}:inbox:sources", "copy", text.replace('"id":"llm"', '"id":"copy"'));
    expect((await deliver(inbox.api, { headers: {}, body: "{}" }, "/in/copy")).status).toBe(500);
    expect((await deliver(inbox.api, { headers: {}, body: "{}" })).status).toBe(401);
  });

  it("can be read with the key before, and is sealed again at the next start", async () => {
    await using redis = await startRedis();
    const [first, second] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    await using client = disposableRedis(redis.url);
    const keys = createKeys("{hookwave}");
    const sourcesOf = (key: Buffer) => createSources(client.redis, keys, createSealer(key));
    const stored = { ...SOURCE, secrets: ["s3cret"] };
    await sourcesOf(first).create(stored, () => null);
    await expect(sourcesOf(second).find(SOURCE.id)).rejects.toThrow("source llm");

    const settings = { role: "api", encryptionKey: second, encryptionKeyPrevious: first } as const;
    await using hookwave = await startHookwave(redis, settings);
    expect(await sourcesOf(second).find(SOURCE.id)).toEqual(stored);
    expect(hookwave.happenings).toContainEqual(
      expect.objectContaining({ notice: expect.stringContaining("1 source(s)") }),
    );
  });

  it("of which the secrets cannot be opened takes nothing in, and can be removed", async () => {
    const { api, source, redis } = inbox;
    await source();
    await using client = disposableRedis(redis.url);
    const text = String(await client.redis.hget("{hookwave}:inbox:sources", "llm"));
    await client.redis.hset(
      "{hookwave}:inbox:sources",
      "llm",
      text.replace(/"sealed":"g1\.../, '"sealed":"g1.AA'),
    );
    expect((await callback(api, "cb-1")).status).toBe(500);
    expect(await send(api, "DELETE", `${SOURCES}/llm`)).toMatchObject({ status: 204 });
  });
});

describe("a source without a secret", () => {
  it("is warned of once an hour, by one process of the fleet, until it has one", async () => {
    await using client = disposableRedis(inbox.redis.url);
    const told: Happening[] = [];
    let nowMs = Date.parse("2026-01-31T12:00:00Z");
    const sources = createSources(client.redis, createKeys("{other}"), createSealer(Buffer.alloc(32)));
    const tell = (happening: Happening) => void told.push(happening);
    const watch = () => watchUnsignedSources({ sources, tell, now: () => nowMs });
    await sources.create({ ...SOURCE, secrets: [] }, () => null);
    const [one, other] = [watch(), watch()];

    await one.look();
    await other.look();
    expect(told).toEqual([{ kind: "source.unsigned", source: "llm" }]);
    nowMs += HOUR_MS - 1;
    await other.look();
    expect(told).toHaveLength(1);
    nowMs += 1;
    await Promise.all([one.look(), other.look()]);
    expect(told).toHaveLength(2);
    await sources.change(
      SOURCE.id,
      (found) => ({ ...found, secrets: ["s3cret"] }),
      () => null,
    );
    nowMs += HOUR_MS;
    await one.look();
    expect(told).toHaveLength(2);
  });

  it("leaves nothing behind when it is removed: another one of its id is warned of anew", async () => {
    await using client = disposableRedis(inbox.redis.url);
    const keys = createKeys("{other}");
    const sources = createSources(client.redis, keys, createSealer(Buffer.alloc(32)));
    const note = () => null;
    const due = () => sources.dueForWarning(Date.parse("2026-01-31T12:00:00Z"), HOUR_MS);
    await sources.create({ ...SOURCE, secrets: [] }, note);
    expect(await due()).toEqual([SOURCE.id]);

    await sources.remove(SOURCE.id, note);
    expect(await client.redis.hlen(keys.sourceWarnings)).toBe(0);
    await sources.create({ ...SOURCE, secrets: [] }, note);
    expect(await due()).toEqual([SOURCE.id]);
  });

  it("is warned of when a service starts", async () => {
    const { source, redis } = inbox;
    await source({ id: "open", secret: null });
    await using other = await startHookwave(redis, { role: "api" });
    await until("somebody warns of it", () =>
      other.happenings.some((one) => one.kind === "source.unsigned" && one.source === "open"),
    );
  });
});

const SOURCE = {
  id: asSourceId("llm"),
  profile: "llm-service",
  onInvalid: "reject",
  description: "",
  signatureHeader: null,
  signedContent: "body",
  createdAt: "2026-01-31T12:00:00.000Z",
  updatedAt: "2026-01-31T12:00:00.000Z",
} as const;

function disposableRedis(url: string) {
  const redis: Redis = connectRedis(url, "watcher", () => undefined);
  return {
    redis,
    [Symbol.asyncDispose]: async () => redis.disconnect(),
  };
}
