/** The commands as clients of a running service: who they are to it, where they look for it, and what they make of it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, startApi } from "../support/api.ts";
import { type Finished, runCommand, runForJson } from "../support/command.ts";
import { aLetter, bury } from "../support/letters.ts";
import { startReceiver } from "../support/receiver.ts";
import { say } from "../support/say.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";

const KEY = "k".repeat(32);

let redis: TestRedis;
let hookwave: TestHookwave;
let api: Api;
let variables: Readonly<Record<string, string>>;
beforeAll(async () => {
  redis = await startRedis();
  hookwave = await startHookwave(redis, { apiKey: KEY });
  api = await startApi(hookwave, { isOpenToOthers: true });
  variables = { HOOKWAVE_URL: `${api.url}/`, HOOKWAVE_API_KEY: KEY };
});
afterAll(async () => {
  await api.close();
  await hookwave.close();
  await redis[Symbol.asyncDispose]();
});

const errorOf = ({ stderr }: Finished): unknown => JSON.parse(stderr).error;

describe("a command's key", () => {
  it("is asked for, and a wrong one is nobody's: both say what to set", async () => {
    const [none, wrong] = await Promise.all([
      runCommand(["status", "--api", api.url, "--json"]),
      runCommand(["status", "--json"], { ...variables, HOOKWAVE_API_KEY: "x".repeat(32) }),
    ]);

    for (const [refused, got] of [
      [none, "no Authorization"],
      [wrong, "one that is not valid"],
    ] as const) {
      expect(refused).toMatchObject({ code: 1, stdout: "" });
      expect(errorOf(refused)).toMatchObject({
        code: "UNAUTHENTICATED",
        got,
        remedy: expect.stringContaining("set HOOKWAVE_API_KEY"),
      });
    }
  });

  it("may do what its roles say, and a command that needs another says which", async () => {
    const { token } = await hookwave.keys.create({ name: "reader", roles: ["read"] });
    const reader = { ...variables, HOOKWAVE_API_KEY: token };

    const [queueCounts, removing] = await Promise.all([
      runForJson(["status"], reader),
      runCommand(["endpoints", "remove", "none"], reader),
      runForJson(["dead-letters", "list"], reader),
      runForJson(["endpoints", "list"], reader),
    ]);

    expect(queueCounts).toMatchObject({ new: { depth: 0, oldest_age_ms: 0 } });
    expect(removing.code).toBe(1);
    expect(removing.stderr).toMatch(
      /^error FORBIDDEN\n {2}expected {2}a key with the role admin\n {2}got {7}one with read\n/,
    );
  });

  it("can be made straight on the Redis by whoever has none, and works at the service", async () => {
    const made = await runForJson(
      ["keys", "create", "first", "--role", "publish", "--redis", redis.url],
      variables,
    );
    const asMade = { ...variables, HOOKWAVE_API_KEY: made.token };

    expect(await runForJson(["publish", "thing.made", "{}", "--id", "evt_key"], asMade)).toEqual({
      id: "evt_key",
    });
    expect(made).toMatchObject({ name: "first", roles: ["publish"], created_at: expect.any(String) });
  });
});

describe("where no API is", () => {
  it("a command says where it looked, and what can be done", async () => {
    const gone = await startReceiver();
    const { origin } = new URL(gone.url);
    await gone[Symbol.asyncDispose]();
    const nobody = await say("status", "--api", `${origin}/`, "--json");
    expect(nobody.code).toBe(1);
    expect(errorOf(nobody)).toEqual({
      code: "API_UNAVAILABLE",
      expected: `an answer of Hookwave's API from ${origin}`,
      got: "ECONNREFUSED",
      remedy: expect.stringMatching(/start the service.*--api.*--redis/),
    });
  });

  it.each([
    [200, "text/html", "<p>Welcome</p>", "of something else, or of another version"],
    [200, "application/json", '{"new":1}', "of something else, or of another version"],
    [502, "text/html", "<p>Bad gateway</p>", "HTTP 502 from something else"],
    [404, "application/json", '{"message":"no"}', "HTTP 404 from something else"],
  ])("an answer of something else is none: %i %s %s", async (status, type, body, got) => {
    await using other = await startReceiver((response) =>
      response.writeHead(status, { "content-type": type }).end(body),
    );
    const { code, stderr } = await say("status", "--api", new URL(other.url).origin);
    expect(stderr).toContain("API_UNAVAILABLE");
    expect(stderr).toContain(got);
    expect(code).toBe(1);
  });

  it("a redirect is not followed, so that the key stays where it was sent", async () => {
    await using elsewhere = await startReceiver(200);
    await using door = await startReceiver((response) =>
      response.writeHead(307, { location: elsewhere.url }).end(),
    );
    const { code, stderr } = await runCommand(["status"], {
      HOOKWAVE_URL: new URL(door.url).origin,
      HOOKWAVE_API_KEY: KEY,
    });
    expect(stderr).toContain("API_UNAVAILABLE");
    expect(code).toBe(1);
    expect(elsewhere.requests).toEqual([]);
  });

  it("an API on another machine is spoken to by https only, unless http is allowed", async () => {
    const there = { HOOKWAVE_URL: "http://hookwave.invalid", HOOKWAVE_API_KEY: KEY };
    const refused = await runCommand(["status", "--json"], there);
    const allowed = await runCommand(["status", "--json"], { ...there, ALLOW_HTTP: "true" });

    expect(refused.code).toBe(78);
    expect(errorOf(refused)).toMatchObject({
      code: "CONFIG_INVALID",
      expected: expect.stringMatching(/^https for hookwave/),
    });
    expect(errorOf(allowed)).toMatchObject({ code: "API_UNAVAILABLE" });
  });
});

describe("a refusal", () => {
  it("with a code that this command does not know is told with it", async () => {
    const complaint = { expected: "a cup", got: "a pot", remedy: "pour" };
    const problem = { type: "about:blank", title: "", status: 418, code: "TEAPOT", detail: "", ...complaint };
    await using newer = await startReceiver((response) =>
      response.writeHead(418, { "content-type": "application/problem+json" }).end(JSON.stringify(problem)),
    );
    const { code, stderr } = await say("status", "--json", "--api", new URL(newer.url).origin);
    expect(JSON.parse(stderr)).toEqual({ error: { code: "TEAPOT", ...complaint } });
    expect(code).toBe(1);
  });

  it("is the API's: the service's rules count, and not those of the command's environment", async () => {
    const add = ["endpoints", "add", "http://192.0.2.7/hook", "--json"];
    const refused = await runCommand(add, { ...variables, ALLOW_PRIVATE_NETWORKS: "192.0.2.0/24" });
    expect(refused.code).toBe(1);
    expect(errorOf(refused)).toMatchObject({
      code: "ENDPOINT_INVALID",
      got: expect.stringMatching(/^url: /),
    });
  });
});

describe("publish", () => {
  it("refuses text that would end the data and go on with members of its own", async () => {
    const smuggled = '1,"id":"evt_smuggled"';
    const { code, stderr } = await runCommand(["publish", "thing.made", smuggled, "--json"], variables);
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: "EVENT_INVALID", expected: "data that is JSON" },
    });
    expect(code).toBe(1);
    await expect(hookwave.events.get("evt_smuggled")).rejects.toThrow("evt_smuggled");
  });

  it("brings what the API finds wrong with an event", async () => {
    const { code, stderr } = await runCommand(["publish", "Not a type", "{}", "--json"], variables);
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: "EVENT_INVALID", got: expect.stringMatching(/#\/type/) },
    });
    expect(code).toBe(1);
  });
});

describe("endpoints add --id", () => {
  it("replaces an endpoint that has it: all anew, active, with a secret of its own", async () => {
    const add = ["endpoints", "add", "--id", "moving"];
    const first = await runForJson(
      [
        ...add,
        "https://one.example.com/hook",
        "--profile",
        "github",
        "--header",
        "X-Team: a",
        "--secret",
        "first",
      ],
      variables,
    );
    await hookwave.endpoints.disable("moving");
    const table = await runCommand([...add, "https://two.example.com/hook"], variables);
    const second = await hookwave.endpoints.get("moving");
    const paired = await runForJson([...add, "https://two.example.com/hook", "--ed25519"], variables);

    expect(first).toMatchObject({ profile: "github", secret: "first" });
    expect(table.stdout).toMatch(/^replaced as a whole; what was not given has its default\n/);
    expect(table.stdout).toContain(`  secret   ${second.secrets[0]?.value}\n`);
    expect(second).toMatchObject({
      url: "https://two.example.com/hook",
      profile: "standard",
      headers: {},
      isActive: true,
      secrets: [{ value: expect.stringMatching(/^whsec_/), expiresAt: null }],
      createdAt: first.created_at,
    });
    expect((await hookwave.endpoints.get("moving")).secrets).toMatchObject([{ value: paired.secret }]);
    expect(paired.public_key).toMatch(/^whpk_/);
  });
});

describe("lists", () => {
  it("are as long as is asked for, over as many pages as that takes", async () => {
    const NOON = Date.parse("2026-01-31T12:00:00Z");
    await bury(
      redis,
      Array.from({ length: 130 }, (_, n) =>
        aLetter({ eventId: `evt_${n}`, endpoint: "ep_1", type: "list.made", buriedAt: NOON + n }),
      ),
    );
    for (let n = 0; n < 101; n += 1)
      await hookwave.endpoints.add({ url: "https://example.com/hook", events: [`list.n${n}`] });
    const list = ["dead-letters", "list", "--type", "list.*", "--limit"];

    const [most, webhooks] = await Promise.all([
      runForJson([...list, "120"], variables),
      runForJson(["endpoints", "list"], variables),
    ]);
    const rest = await runForJson([...list, "120", "--after", most.next], variables);

    expect(most.data.map((letter: { readonly event_id: string }) => letter.event_id)).toEqual(
      Array.from({ length: 120 }, (_, n) => `evt_${129 - n}`),
    );
    expect([most.total, rest.data.length, rest.next]).toEqual([130, 10, null]);
    expect(webhooks.data.length).toBeGreaterThan(100);
    expect(webhooks.next).toBeNull();
  });
});

describe("dead letters", () => {
  it("are shown with their data's own bytes, and replayed by the service's worker", async () => {
    await using receiver = await startReceiver();
    await hookwave.endpoints.add({ id: "ep_back", url: receiver.url, events: ["back.made"] });
    const letter = aLetter({ eventId: "evt_back", endpoint: "ep_back", type: "back.made" });
    const data = '{"total": 12345678901234567890, "a":"\\u00e9"}';
    const event = { ...letter.delivery.event, data };
    const [id = ""] = await bury(redis, [{ ...letter, delivery: { ...letter.delivery, event } }]);

    const shown = await runCommand(["dead-letters", "show", id, "--json"], variables);
    const replayed = await runForJson(
      ["dead-letters", "replay", "--all", "--endpoint", "ep_back", "--rate", "7"],
      variables,
    );
    const [request] = await receiver.received(1);

    expect(shown.stdout).toContain(`"data":${data}}`);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      id,
      reason: "exhausted",
      event_id: "evt_back",
      event_type: "back.made",
      endpoint_id: "ep_back",
      round: 0,
      job: null,
    });
    expect(replayed).toMatchObject({
      state: "done",
      filter: { endpoint: "ep_back" },
      rate: 7,
      total: 1,
      replayed: 1,
      failed: 0,
    });
    expect(String(request?.body)).toContain(`"data":${data}`);
  });
});
