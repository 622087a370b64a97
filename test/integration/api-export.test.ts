/** Exports over HTTP: whole lists as files, at the pace of who reads them. */
import { once } from "node:events";
import { get } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, ask, startApi } from "../support/api.ts";
import { untilIdle } from "../support/deliveries.ts";
import { aLetter, bury } from "../support/letters.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const EVENTS = 250;
let redis: TestRedis;
let hookwave: TestHookwave;
let api: Api;

beforeAll(async () => {
  redis = await startRedis();
  hookwave = await startHookwave(redis);
  api = await startApi(hookwave);
  await using receiver = await startReceiver();
  await hookwave.endpoints.add({ id: "one", url: receiver.url, events: ["work.*"] });
  const types = ["work.done", "work.begun"];
  await hookwave.publishMany(
    Array.from({ length: EVENTS }, (_, n) => ({ id: `evt_${n}`, type: types[n % 2] ?? "", data: { n } })),
  );
  await until("all are delivered", async () => {
    const { delivered } = await hookwave.endpoints.statistics("one");
    return delivered === EVENTS;
  });
  await untilIdle(hookwave);
});

afterAll(async () => {
  await api.close();
  await hookwave.close();
  await redis[Symbol.asyncDispose]();
});

const asFile = (path: string, accept?: string) =>
  ask(`${api.url}/api/v1${path}`, accept === undefined ? {} : { headers: { accept } });
const linesOf = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("an export", () => {
  it("of deliveries has every row that the pages have, in their order", async () => {
    const answer = await asFile("/deliveries/export?type=work.begun&format=ndjson");
    expect(answer.headers.get("content-type")).toBe("application/x-ndjson; charset=utf-8");
    expect(answer.headers.get("content-disposition")).toBe(
      'attachment; filename="hookwave-deliveries.ndjson"',
    );
    const rows = linesOf(answer.text);
    expect(rows).toHaveLength(EVENTS / 2);
    const { body } = await asFile("/deliveries?type=work.begun&limit=100");
    expect(rows.slice(0, Object(body).data.length)).toEqual(Object(body).data);
  });

  it("is CSV where that is asked for, by name or as Accept says", async () => {
    const answer = await asFile("/deliveries/export?endpoint=one", "text/csv");
    expect(answer.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    const lines = answer.text.split("\r\n");
    expect(lines[0]).toBe(
      "id,event_id,event_type,endpoint_id,status,reason,round,attempt_count,last_started_at,last_duration_ms,last_outcome,last_status,last_reason,next_attempt_at,created_at",
    );
    expect(lines).toHaveLength(EVENTS + 2);
    expect(lines[1]).toMatch(
      /^evt_\d+\.one,evt_\d+,work\.\w+,one,delivered,,0,1,[^,]+,[\d.]+,delivered,200,,,[^,]+$/,
    );
    expect((await asFile("/deliveries/export?format=csv&status=buried")).text.split("\r\n")).toHaveLength(2);
  });

  it("of events has the bytes that were published, as text", async () => {
    const rows = linesOf((await asFile("/events/export?type=work.*")).text);
    expect(rows.map(({ id }) => id).toSorted()).toEqual(
      Array.from({ length: EVENTS }, (_, n) => `evt_${n}`).toSorted(),
    );
    expect(rows[0]).toEqual({
      id: expect.any(String),
      type: expect.stringMatching(/^work\./),
      timestamp: expect.any(String),
      data_text: `{"n":${String(rows[0]?.id).slice(4)}}`,
    });
    const data = '{ "big": 12345678901234567890,\n "big": 1e400 }';
    const published = await ask(`${api.url}/api/v1/events`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: `{"id":"odd","type":"odd.one","data":${data}}`,
    });
    expect(published.status).toBe(202);
    await until("it is on record", async () => (await asFile("/events?id=odd")).text.includes('"odd"'));
    expect(linesOf((await asFile("/events/export?id=odd")).text)).toMatchObject([{ data_text: data }]);
    expect((await asFile("/events/export?id=odd&format=csv")).text).toContain(
      '"{ ""big"": 12345678901234567890,\n ""big"": 1e400 }"\r\n',
    );
  });

  it("of dead letters has the list's rows", async () => {
    await bury(redis, [
      aLetter({ eventId: "dead_1", endpoint: "one" }),
      aLetter({ eventId: "dead_2", endpoint: "two" }),
    ]);
    const { body } = await asFile("/dead-letters?endpoint=two");
    expect(linesOf((await asFile("/dead-letters/export?endpoint=two")).text)).toEqual(Object(body).data);
    expect((await asFile("/dead-letters/export?format=csv&reason=gone")).text).toBe(
      "id,event_id,event_type,endpoint_id,reason,buried_at,attempt_count,last_status\r\n",
    );
  });

  it.each(["format=xml", "after=1-1", "limit=5", "status=odd"])("is refused with ?%s", async (query) => {
    expect(await asFile(`/deliveries/export?${query}`)).toMatchObject({ status: 400 });
  });
});

describe("a list", () => {
  it("of events ends at `until`, and finds one by its id", async () => {
    const { body } = await asFile("/events?limit=100&until=2999-01-01T00:00:00Z&type=odd.*");
    expect(Object(body)).toMatchObject({ data: [{ id: "odd" }], next: null });
    expect((await asFile("/events?until=2020-01-01T00:00:00Z")).body).toEqual({ data: [], next: null });
    expect((await asFile("/events?id=evt_1")).body).toMatchObject({ data: [{ id: "evt_1" }], next: null });
    expect((await asFile("/events?id=evt_1&type=odd.*")).body).toEqual({ data: [], next: null });
    expect((await asFile("/events?id=evt_1&until=2020-01-01T00:00:00Z")).body).toEqual({
      data: [],
      next: null,
    });
    expect((await asFile("/events?id=nobody")).body).toEqual({ data: [], next: null });
  });

  it("of deliveries is narrowed to a type or a family, page by page", async () => {
    const ids = new Set<string>();
    for (let after = ""; ; ) {
      const { body } = await asFile(`/deliveries?type=work.done&limit=30${after}`);
      for (const one of Object(body).data) ids.add(one.id);
      if (Object(body).next === null) break;
      after = `&after=${Object(body).next}`;
    }
    expect(ids.size).toBe(EVENTS / 2);
    expect((await asFile("/deliveries?type=other.*&event=evt_1")).body).toMatchObject({ data: [] });
    expect((await asFile("/deliveries?type=work.*&event=evt_1")).body).toMatchObject({
      data: [{ id: "evt_1.one" }],
    });
  });
});

describe("exports with one key", () => {
  it("are three also where more of them are asked for at once, and one that fails leaves room", async () => {
    const reading = Promise.withResolvers<never>();
    const deadLetters = { ...hookwave.deadLetters, list: () => reading.promise };
    await using other = await startApi({ ...hookwave, deadLetters });
    const statuses: number[] = [];
    const asked = Array.from({ length: 8 }, async () => {
      const { status } = await ask(`${other.url}/api/v1/dead-letters/export`);
      statuses.push(status);
    });
    await until("the others are refused", () => statuses.length === 5);
    expect(new Set(statuses)).toEqual(new Set([429]));
    reading.reject(new Error("broken"));
    await Promise.all(asked);
    expect(statuses.slice(5)).toEqual([500, 500, 500]);
    expect(await ask(`${other.url}/api/v1/dead-letters/export`)).toMatchObject({ status: 500 });
  });
});

/** Letters enough for several megabytes, as an index that is asked page by page has them. */
function endless(pages: { read: number }) {
  const letters = Array.from({ length: 100 }, (_, n) => ({
    id: `dl_${n}`,
    eventId: null,
    eventType: `work.${"x".repeat(100)}`,
    endpointId: null,
    because: "gone" as const,
    buriedAt: "2026-01-31T12:00:00.000Z",
    attempts: 1,
    lastStatus: 500,
  }));
  return async (_filter: object, { after }: { readonly after: string | null }) => {
    pages.read += 1;
    const at = Number(after ?? 0) + 1;
    return { data: letters, next: at === 1_000 ? null : String(at) };
  };
}

describe("an export whose key is revoked", () => {
  it("ends where it is, and not in good order", async () => {
    const pages = { read: 0 };
    const deadLetters = { ...hookwave.deadLetters, list: endless(pages) };
    await using other = await startApi({ ...hookwave, deadLetters });
    const { id, token } = await hookwave.keys.create({ name: "leaving", roles: ["read"] });
    const headers = { authorization: `Bearer ${token}` };
    const [answer] = await once(get(`${other.url}/api/v1/dead-letters/export`, { headers }), "response");
    await until("it has begun", () => pages.read > 1);
    await hookwave.keys.revoke(id);
    const reading = (async () => {
      for await (const _ of answer);
    })();
    await expect(reading).rejects.toThrow("aborted");
    expect(pages.read).toBeLessThan(900);
  });
});

describe("a slow reader of an export", () => {
  it("keeps the service from reading on, gets all of it in the end, and stops it by leaving", async () => {
    const pages = { read: 0 };
    const deadLetters = { ...hookwave.deadLetters, list: endless(pages) };
    await using other = await startApi({ ...hookwave, deadLetters });
    const open = async () => {
      const [answer] = await once(get(`${other.url}/api/v1/dead-letters/export`), "response");
      return answer;
    };
    /** Of a reader that reads nothing: pages until nothing more is read. */
    const stalled = async () => {
      let before = -1;
      await until("it reads no further", async () => {
        const isStill = pages.read === before;
        before = pages.read;
        await ask(`${other.url}/healthz`);
        return isStill && pages.read > 1;
      });
      return pages.read;
    };

    const slow = await open();
    expect(await stalled()).toBeLessThan(900);
    let lines = 0;
    for await (const chunk of slow) lines += String(chunk).split("\n").length - 1;
    expect(lines, "a hundred thousand rows").toBe(100_000);

    pages.read = 0;
    const leaving = await open();
    const readBefore = await stalled();
    leaving.destroy();
    await Promise.all([1, 2, 3].map(async () => (await open()).destroy()));
    await until("there is room for three more", async () => {
      const again = await open();
      again.destroy();
      return again.statusCode === 200;
    });
    expect(readBefore).toBeLessThan(900);
  });
});
