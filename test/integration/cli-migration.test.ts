/** `hookwave migration …` against a running service: what an operator reads, sets and is refused. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CHANNEL, LIST, listenToBus, registered } from "../support/bus.ts";
import { runCommand, runForJson, startCommand } from "../support/command.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { until } from "../support/until.ts";
import { startWebhookService, type WebhookService } from "../support/webhooks.ts";

let service: WebhookService;
let receiver: Receiver;
let variables: Readonly<Record<string, string>>;
beforeEach(async () => {
  service = await startWebhookService({ redisFallbackAfterMs: 1_000 });
  receiver = await startReceiver();
  await service.hookwave.endpoints.add({ id: "default", url: receiver.url });
  variables = { HOOKWAVE_URL: service.api.url, LEGACY_REDIS_URL: service.redis.url };
});
afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await receiver.close();
});

const migration = (...words: readonly string[]) => runCommand(["migration", ...words], variables);
const forJson = (...words: readonly string[]) => runForJson(["migration", ...words], variables);

describe("migration status", () => {
  it("says what the phase means, who set it and why, when it ends, and what is on the bus", async () => {
    await migration("set", "dual", "--reason", "first\nrehearsal", "--percent", "model.registered=10,*=50");
    await migration("set", "redis", "--for", "30m", "--reason", "night");
    const { stdout, code } = await migration("status");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}phase +redis: the bus alone; webhooks are kept until this phase ends$/m);
    expect(stdout).toMatch(/^ {2}since +20\S+Z \(\d+\.\d s ago\)$/m);
    expect(stdout).toMatch(/^ {2}by +loopback$/m);
    expect(stdout).toMatch(/^ {2}because +night$/m);
    expect(stdout).toMatch(/^ {2}ends +by itself at 20\S+Z, in 30 min, and dual comes back$/m);
    expect(stdout).toMatch(/^ {2}environment +says nothing/m);
    expect(stdout).toMatch(/^ {2}backlog +0 events whose webhooks are kept$/m);
    expect(stdout).toMatch(/^ {2}list +0 entries$/m);
    expect(stdout).toMatch(/^ {2}listeners +0: nobody listens to the channel$/m);
    expect(stdout).toMatch(
      /20\S+Z +dual → redis +loopback +night +until 20\S+Z\n.*webhook → dual +loopback +first rehearsal$/m,
    );
  });

  it("says that the later statement wins over the environment's", async () => {
    await using other = await startWebhookService({ enableRedisFallback: true });
    const there = { HOOKWAVE_URL: other.api.url };
    expect((await runCommand(["migration", "status"], there)).stdout).toMatch(/environment +says dual, too/);
    await runCommand(["migration", "set", "primary", "--percent", "10"], there);
    const { stdout } = await runCommand(["migration", "status"], there);
    expect(stdout).toMatch(/environment +said dual; the later statement wins, and that was primary/);
    expect(stdout).toMatch(/share +all 10 % by webhook/);
  });

  it("prints the API's own document, and works straight on the Redis", async () => {
    const set = await forJson("set", "dual", "--percent", "10", "--for", "1h");
    expect(set).toMatchObject({ phase: "dual", shares: { "*": 10 }, return_to: "webhook", by: "loopback" });
    const direct = await runForJson(["migration", "status", "--redis", service.redis.url], {});
    expect(direct).toEqual({ ...set });
    const changed = await runForJson(["migration", "set", "webhook", "--redis", service.redis.url], {});
    expect(changed).toMatchObject({ phase: "webhook", by: "command with --redis (command)" });
  });
});

describe("migration set", () => {
  it("that is refused shows the count and what to add", async () => {
    await migration("set", "redis");
    await service.hookwave.publish(registered("evt_1"));
    await until("it is kept", async () => (await forJson("status")).backlog === 1);
    const { code, stderr } = await migration("set", "dual");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error MIGRATION_REFUSED\n.*webhooks of 1 event,.*\n.*\n.*--backlog deliver/);
    expect((await migration("set", "dual", "--backlog", "deliver")).code).toBe(0);
    await receiver.received(1);
  });

  it.each([
    [["set", "both"], 64],
    [["set"], 64],
    [["set", "dual", "--for", "soon"], 64],
    [["set", "dual", "--percent", "101"], 64],
    [["set", "dual", "--backlog", "drop"], 64],
    [["set", "dual", "--for", "31d"], 1],
    [["report", "--min-events", "many"], 64],
    [["report", "--since", "2d"], 1],
  ])("%j is refused with %i", async (words, code) => {
    expect((await migration(...words)).code).toBe(code);
  });
});

describe("migration report", () => {
  it("ends with 2 while it is not safe, and says why", async () => {
    await migration("set", "dual");
    await service.hookwave.publish(registered("evt_good"));
    await receiver.received(1);
    receiver.replies(503);
    await service.hookwave.publish(registered("evt_owed"));
    await until("it is missing", async () => {
      const { stdout } = await migration("report", "--json");
      return JSON.parse(stdout).missing.length === 1;
    });
    const { code, stdout } = await migration("report", "--min-events", "1", "--listeners", "0");
    expect(code).toBe(2);
    expect(stdout).toMatch(/^unsafe\n {2}- compared for 0 minutes.*\n {2}- 1 missing\n/);
    expect(stdout).toMatch(/evt_owed +webhook +retrying/);
    const json = await migration("report", "--json");
    expect([json.code, JSON.parse(json.stdout).verdict]).toEqual([2, "unsafe"]);
  });
});

describe("migration watch", () => {
  const watching = async (...words: readonly string[]) => {
    const command = startCommand(["migration", "watch", "--grace", "2s", ...words], variables);
    await until("it listens", () => command.stdout().includes("listening to"));
    return command;
  };

  it("finds both ways the same, tells copies from differences, and ends with 0", async () => {
    await migration("set", "dual");
    await using bus = await listenToBus(service.redis.url);
    await service.hookwave.publish(registered("evt_before"));
    await receiver.received(1);
    await using command = await watching();
    await service.hookwave.publish(registered("evt_1"));
    await service.hookwave.publish({ id: "evt_2", type: "model.registered", dataText: '{"model_id":"m"}' });
    await receiver.received(3);
    await bus.redis.publish(CHANNEL, registered("evt_1").legacyText);
    await until("the bus has heard all", () => bus.heard.length === 4);
    command.signal("SIGINT");
    expect(await command.ended()).toBe(0);
    expect(command.stdout()).toMatch(
      /heard 3 messages in .*\n {2}the same both ways +2\n {2}different +0\n {2}heard again +1/,
    );
    expect(command.stderr()).toBe("");
  });

  it("tells what was not delivered, what no event is of, and what was not heard, and ends with 2", async () => {
    await migration("set", "dual");
    await using bus = await listenToBus(service.redis.url);
    await using command = await watching("--for", "7s");
    await bus.redis.publish(CHANNEL, '{"from":"a producer that was forgotten"}');
    receiver.replies(503);
    await service.hookwave.publish(registered("evt_undelivered"));
    await receiver.received(1);
    receiver.replies(204);
    await migration("set", "webhook");
    await service.hookwave.publish(registered("evt_unheard"));
    await receiver.received(2);
    receiver.replies(503);
    expect(await command.ended()).toBe(2);
    const text = command.stdout();
    expect(text).toMatch(/NOT DELIVERED {2}evt_undelivered: heard, and its delivery is retrying/);
    expect(text).toMatch(/NOT HEARD {6}evt_unheard: its delivery is delivered/);
    expect(text).toMatch(/NO EVENT {7}the text [0-9a-f]{12}: heard/);
    expect(text).not.toContain("forgotten");
    expect(text).toMatch(/different +3\n/);
  });

  it("says each thing as a line of JSON, and compares nothing with another endpoint", async () => {
    await migration("set", "dual");
    await service.make({ id: "other", events: ["no.such"] });
    await using command = startCommand(
      ["migration", "watch", "--json", "--grace", "1s", "--endpoint", "other"],
      variables,
    );
    await until("it listens", () => command.log().some(({ kind }) => kind === "watching"));
    await service.hookwave.publish(registered("evt_1"));
    await until("it is told", () => command.log().some(({ kind }) => kind === "mismatch"));
    command.signal("SIGINT");
    expect(await command.ended()).toBe(2);
    expect(command.log()).toMatchObject([
      { kind: "watching", channels: [CHANNEL], endpointId: "other", phase: "dual", graceMs: 1_000 },
      { kind: "mismatch", difference: "not_delivered", eventId: "evt_1", status: null },
      { kind: "summary", heard: 1, mismatches: 1, open: 0 },
    ]);
  });

  it.each([
    [["--grace", "0s"], {}, 64],
    [["--from", "http://localhost"], {}, 64],
    [["--for", "1s", "--from", "redis://127.0.0.1:1"], {}, 1],
    [["--for", "1s"], { LEGACY_REDIS_LIST: LIST }, 64],
  ])("%j is refused", async (words, more, code) => {
    const refused = await runCommand(["migration", "watch", ...words], { ...variables, ...more });
    expect([refused.code, refused.stdout]).toEqual([code, ""]);
  });
});
