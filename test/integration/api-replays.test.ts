/** Replays over HTTP: begun, counted, watched, steered; and each refusal. */
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, startApi } from "../support/api.ts";
import { type ApiClient, clientOf, refused } from "../support/api-client.ts";
import { aLetter, bury } from "../support/letters.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

let redis: TestRedis;
let hookwave: TestHookwave;
let api: Api;
let client: ApiClient;

beforeAll(async () => {
  redis = await startRedis();
  hookwave = await startHookwave(redis);
  api = await startApi(hookwave);
  client = clientOf(api);
});

afterAll(async () => {
  await api.close();
  await hookwave.close();
  await redis[Symbol.asyncDispose]();
});

/** Of numbered events, buried at noon and in the minutes after it. */
const letters = (count: number, type: string) =>
  Array.from({ length: count }, (_, n) =>
    aLetter({
      eventId: `${type.split(".")[0]}_${n}`,
      endpoint: "ep_1",
      type,
      buriedAt: Date.parse("2026-01-31T12:00:00Z") + n * 60_000,
    }),
  );

describe("a replay", () => {
  it("counts in a dry run and sends nothing", async () => {
    await bury(redis, letters(3, "dry.run"));

    const answer = await client.send("POST", "/replays", { filter: { type: "dry.*" }, dry_run: true });

    expect(answer).toMatchObject({ status: 200, body: { count: 3 } });
    expect(await hookwave.deadLetters.count({ type: "dry.run" })).toBe(3);
  });

  it("is begun, looked at until it is done, and has sent what matched where it was asked to", async () => {
    await using other = await startReceiver();
    await hookwave.endpoints.add({ id: "other", url: other.url, events: ["nothing.else"] });
    await bury(redis, letters(4, "job.done"));
    const filter = { type: "job.*", since: "2026-01-31T13:01:00+01:00" };

    const begun = await client.send("POST", "/replays", { filter, rate: 500, to_endpoint_id: "other" });
    const { id } = Object(begun.body);
    const done = await until("it is done", async () => {
      const { body } = await client.get(`/replays/${id}`);
      return Object(body).state === "done" && body;
    });

    expect(begun).toMatchObject({ status: 202, body: { state: "running", finished_at: null } });
    expect(begun.headers.get("location")).toBe(`/api/v1/replays/${id}`);
    expect(done).toEqual({
      id,
      state: "done",
      filter: { type: "job.*", since: "2026-01-31T12:01:00.000Z" },
      rate: 500,
      to_endpoint_id: "other",
      created_at: expect.any(String),
      finished_at: expect.any(String),
      total: 3,
      replayed: 3,
      skipped: 0,
      failed: 0,
      failures: [],
    });
    await other.received(3);
    expect(other.ids().toSorted()).toEqual(["job_1", "job_2", "job_3"]);
    for (const order of ["pause", "resume", "cancel"])
      expect(await client.send("POST", `/replays/${id}/${order}`)).toMatchObject(
        refused(409, "REPLAY_INVALID"),
      );
  });

  it("is in the list, newest first, page by page, for as long as it is remembered", async () => {
    const begun: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      const { body } = await client.send("POST", "/replays", { filter: { type: "not.there" } });
      begun.unshift(Object(body).id);
    }
    const first = await client.get("/replays?limit=3");
    const { data, next } = Object(first.body);
    expect(first.status).toBe(200);
    expect(data.map(({ id }: { id: string }) => id)).toEqual(begun.slice(0, 3));
    const shown = await client.get(`/replays/${begun[0]}`);
    expect(Object((await client.get("/replays?limit=1")).body).data[0]).toMatchObject({
      id: begun[0],
      created_at: Object(shown.body).created_at,
    });
    const connection = new Redis(redis.url);
    await connection.del(`{hookwave}:replay:${begun[3]}`);
    connection.disconnect();
    const rest = Object((await client.get(`/replays?after=${next}`)).body);
    expect(rest.data[0]).toMatchObject({ id: begun[4] });
    expect(await client.get("/replays?after=nowhere")).toMatchObject(refused(400, "CURSOR_INVALID"));
  });

  it("is paused, resumed and cancelled", async () => {
    await bury(redis, letters(20, "steered.one"));
    const { body } = await client.send("POST", "/replays", { filter: { type: "steered.*" }, rate: 1 });
    const { id } = Object(body);
    const order = (name: string) => client.send("POST", `/replays/${id}/${name}`);

    expect(await order("pause")).toMatchObject({ status: 200, body: { id, state: "paused" } });
    expect(await order("resume")).toMatchObject({ status: 200, body: { id, state: "running" } });
    expect(await order("cancel")).toMatchObject({
      status: 200,
      body: { id, state: "cancelled", finished_at: expect.any(String) },
    });
    expect(await order("resume")).toMatchObject(refused(409, "REPLAY_INVALID"));
  });

  it.each([
    ["GET", ""],
    ["POST", "/pause"],
    ["POST", "/resume"],
    ["POST", "/cancel"],
  ])("that nobody knows is refused to %s it%s", async (method, what) => {
    expect(await client.send(method, `/replays/none${what}`)).toMatchObject(refused(404, "REPLAY_UNKNOWN"));
  });

  it.each([
    [{}, "#/filter"],
    [{ filter: {}, rate: 0 }, "#/rate"],
    [{ filter: {}, rate: 10_001 }, "#/rate"],
    [{ filter: {}, rate: 1.5 }, "#/rate"],
    [{ filter: {}, dry_run: "yes" }, "#/dry_run"],
    [{ filter: {}, to_endpoint_id: "a.b" }, "#/to_endpoint_id"],
    [{ filter: {}, speed: 5 }, "#"],
  ])("is refused as %j", async (body, pointer) => {
    const answer = await client.send("POST", "/replays", body);
    expect(answer).toMatchObject(refused(400, "REQUEST_INVALID"));
    expect(Object(answer.body).errors).toMatchObject([{ pointer }]);
  });

  it.each([
    ["until", "9999-12-31T23:59:59-05:00"],
    ["since", "0000-01-01T00:00:00+05:00"],
  ])(
    "is refused before it begins with a time that UTC has in no year of four digits: %s",
    async (name, time) => {
      const answer = await client.send("POST", "/replays", { filter: { [name]: time } });
      expect(answer).toMatchObject(refused(400, "REQUEST_INVALID"));
      expect(Object(answer.body).errors).toMatchObject([{ pointer: `#/filter/${name}` }]);
      expect(await client.get("/replays?limit=100")).toMatchObject({ status: 200 });
      const last = await client.send("POST", "/replays", {
        filter: { [name]: time.replace(/[+-]05:00$/, "Z") },
      });
      expect(last.status).toBe(202);
      expect(await client.get("/replays?limit=100")).toMatchObject({ status: 200 });
    },
  );

  it("to an endpoint that is not there is refused", async () => {
    const answer = await client.send("POST", "/replays", { filter: {}, to_endpoint_id: "nobody" });
    expect(answer).toMatchObject(refused(404, "ENDPOINT_UNKNOWN"));
  });
});
