/** API keys that a process has not heard of: made a moment ago by another one, or by nobody. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ApiKey } from "../../src/core/access.ts";
import { auditEntry } from "../../src/manage/audit.ts";
import { createApiKeys } from "../../src/store/api-keys.ts";
import { createKeys } from "../../src/store/keys.ts";
import { connectRedis, type Redis } from "../../src/store/redis.ts";
import { type Api, ask, startApi } from "../support/api.ts";
import { startHookwave, startRedis } from "../support/service.ts";

const aNote = ({ id }: ApiKey) => auditEntry("key.created", id, { before: null, after: null });

const stack = new AsyncDisposableStack();
let redis: Redis;
let api: Api;

const askWith = (token: string) =>
  ask(`${api.url}/api/v1/event-types`, { headers: { authorization: `Bearer ${token}` } });

/** As another process makes it whose news have not come yet. */
async function madeInSilence(name: string): Promise<string> {
  const silent = createApiKeys(redis, { ...createKeys("{hookwave}"), changes: "nobody-listens" });
  return (await silent.create({ name, roles: ["read"] }, Date.now(), aNote)).token;
}

async function looks(): Promise<number> {
  return Number(/cmdstat_hgetall:calls=(\d+)/.exec(await redis.info("commandstats"))?.[1]);
}

beforeAll(async () => {
  const server = stack.use(await startRedis());
  redis = connectRedis(server.url, "watcher", () => undefined);
  stack.defer(() => redis.disconnect());
  api = stack.use(await startApi(stack.use(await startHookwave(server))));
});
afterAll(() => stack.disposeAsync());

describe("a key that nobody has told of", () => {
  it("counts all the same", async () => {
    for (const name of ["one", "two", "three", "four", "five"])
      expect(await askWith(await madeInSilence(name)), name).toMatchObject({ status: 200 });
  });

  it("is looked for ten times a second at the most, whoever asks", async () => {
    const before = await looks();
    const startedAt = performance.now();
    const guesses = Array.from(
      { length: 200 },
      (_, n) => `hw_live_${String(n).padStart(16, "0")}_${"x".repeat(43)}`,
    );
    const answers = await Promise.all(guesses.map(askWith));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    // Besides, each process catches up once a second, with what else it knows.
    const seconds = (performance.now() - startedAt) / 1_000;
    expect((await looks()) - before).toBeLessThanOrEqual(Math.ceil(seconds * 15) + 5);
  });

  it("is looked for with a wrong secret as well: the time that it takes tells nobody which ids there are", async () => {
    const token = await madeInSilence("known");
    expect(await askWith(token)).toMatchObject({ status: 200 });
    const wrong = token.replace(/.{43}$/, "x".repeat(43));
    const before = await looks();
    for (let n = 0; n < 5; n += 1) expect(await askWith(wrong)).toMatchObject({ status: 401 });
    expect((await looks()) - before).toBeGreaterThanOrEqual(5);
  });
});
