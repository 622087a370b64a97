/** An operator's questions, asked in a terminal: what was published, what became of it, and why not. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand, runForJson } from "../support/command.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { until } from "../support/until.ts";
import { startWebhookService, type WebhookService } from "../support/webhooks.ts";

/** A number that JavaScript would write otherwise. */
const DATA = '{"n":12345678901234567890,"text":"a\\u0041"}';

let service: WebhookService;
let well: Receiver;
let sick: Receiver;
let variables: Readonly<Record<string, string>>;
beforeAll(async () => {
  service = await startWebhookService({ breakerFailureThreshold: 10_000 });
  variables = { HOOKWAVE_URL: service.api.url };
  well = await startReceiver();
  sick = await startReceiver((response) => response.writeHead(503).end("down\u001b[31m for\nmaintenance"));
  const { add } = service.hookwave.endpoints;
  await add({ id: "well", url: well.url, events: ["order.*"] });
  await add({ id: "sick", url: sick.url, events: ["order.*"], retrySchedule: [600_000, 600_000] });
  await add({ id: "given-up", url: sick.url, events: ["order.*"], maxRetries: 0 });
  await add({ id: "other", url: well.url, events: ["user.*"] });
  await runForJson(["publish", "order.paid", DATA, "--id", "evt_1"], variables);
  await until("each has been tried", async () => {
    const { data } = await runForJson(["deliveries", "list", "--event", "evt_1"], variables);
    return (
      data.map(({ status }: { readonly status: string }) => status).join() === "buried,retrying,delivered"
    );
  });
  // Made when the event had been taken on.
  await add({ id: "late", url: well.url, events: ["order.*"] });
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await well.close();
  await sick.close();
});

const told = async (...words: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await runCommand(words, variables);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return stdout;
};

describe("hookwave why", () => {
  it("answers for each endpoint what became of an event there, or why there is nothing", async () => {
    const lines = (await told("why", "evt_1")).split("\n");
    const lineOf = (id: string) => lines.find((line) => line.startsWith(`  ${id} `));
    expect(lines[0]).toMatch(/^evt_1 \(order\.paid\) was taken on at 20/);
    expect(lineOf("well")).toMatch(/delivered +HTTP 200 at attempt 1/);
    expect(lineOf("sick")).toMatch(/retrying +HTTP 503 at attempt 1, .*; next attempt at 20/);
    expect(lineOf("given-up")).toMatch(/buried +given up \(exhausted\): HTTP 503 at attempt 1/);
    expect(lineOf("other")).toMatch(/not sent .*user\.\*/);
    expect(lineOf("late")).toMatch(/not sent +it was added later, at 20/);
  });

  it("answers for one endpoint, also for one that has been removed since", async () => {
    await service.hookwave.endpoints.add({ id: "gone", url: well.url, events: ["order.*"] });
    await told("events", "replay", "evt_1", "--endpoint", "gone");
    await until("it is delivered", async () => (await told("why", "evt_1", "gone")).includes("HTTP 200"));
    await told("endpoints", "remove", "gone");
    const { data } = await runForJson(["why", "evt_1", "gone"], variables);
    expect(data).toMatchObject([
      {
        endpoint_id: "gone",
        delivery: { status: "delivered" },
        because: [expect.stringContaining("HTTP 200"), "no endpoint has this id now"],
      },
    ]);
  });

  it("knows a destination of the event's own, and leaves out most of those it is not for", async () => {
    const { add } = service.hookwave.endpoints;
    await add({ id: "signer", url: well.url, events: [], signsDestinations: true });
    for (let n = 0; n < 25; n += 1) await add({ id: `far-${n}`, url: well.url, events: ["far.away"] });
    const destinations = [{ url: well.url, keyId: "signer" }];
    await service.hookwave.publish({ type: "order.sent", data: {}, id: "evt_d", destinations });
    const line = /^ {2}dst_\S+ +delivered +HTTP 200 at attempt 1, .*; a destination of the event's own$/m;
    await until("it is delivered there", async () => line.test(await told("why", "evt_d")));
    expect(await told("why", "evt_d")).toMatch(/^and \d+ more that have no delivery of it; name one/m);
    for (let n = 0; n < 25; n += 1) await told("endpoints", "remove", `far-${n}`);
    await told("endpoints", "remove", "signer");
  });

  it("says which of the two it does not know", async () => {
    const [event, endpoint] = await Promise.all([
      runCommand(["why", "evt_none"], variables),
      runCommand(["why", "evt_1", "nobody"], variables),
    ]);
    expect(event).toMatchObject({ code: 1, stderr: expect.stringContaining("EVENT_UNKNOWN") });
    expect(endpoint).toMatchObject({ code: 1, stderr: expect.stringContaining("ENDPOINT_UNKNOWN") });
  });
});

describe("hookwave events", () => {
  it("lists and shows them with the bytes that were published", async () => {
    const list = await told("events", "list", "--type", "order.*");
    expect(list).toMatch(/^ {2}evt_1 +order\.paid +20\S+ +\{"n":12345678901234567890/m);
    expect(await told("events", "list", "--type", "nothing.*")).toContain("no events here");
    const shown = await told("events", "show", "evt_1");
    expect(shown).toContain(`\n\n${DATA}\n`);
    expect(shown).toMatch(/^ {2}evt_1 +order\.paid +sick +retrying/m);
    for (const words of [["show", "evt_1"], ["list"]])
      expect(await told("events", ...words, "--json")).toContain(`"data":${DATA}`);
  });

  it("lists as many as it is to, however few of them come at once", async () => {
    const { publish, publishMany } = service.hookwave;
    const large = Array.from({ length: 8 }, (_, n) => `evt_large_${n}`);
    const text = "x".repeat(200_000);
    await publishMany(large.map((id) => ({ id, type: "large.one", data: { text } })));
    await publishMany(Array.from({ length: 1_000 }, () => ({ type: "frequent.one", data: {} })));
    await publish({ id: "evt_rare", type: "rare.one", data: { n: 1 } });
    await until("the last is on record", async () => (await told("why", "evt_rare")).includes("rare.one"));
    const list = (...words: readonly string[]) => runForJson(["events", "list", ...words], variables);
    const idsIn = ({ data }: Awaited<ReturnType<typeof list>>) => data.map(({ id }: { id: string }) => id);

    const all = await list("--type", "large.one");
    expect(idsIn(all).toSorted()).toEqual(large);
    expect(all.next).toMatch(/^\d+-\d+$/);
    expect(idsIn(await list("--type", "rare.one"))).toEqual(["evt_rare"]);
    expect(await told("events", "list", "--type", "large.one", "--limit", "7")).toContain(
      "\nmore with --after ",
    );
    expect(await told("events", "list", "--type", "large.one")).not.toContain("more with");
  });

  it("refuses a time that is none, and takes how long ago it was", async () => {
    expect(await told("events", "list", "--since", "10m")).toContain("evt_1");
    expect(await runCommand(["events", "list", "--since", "yesterday"], variables)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("how long ago"),
    });
  });
});

describe("hookwave deliveries", () => {
  it("shows the attempts of one and the answers, on one line and without what a terminal obeys", async () => {
    const shown = await told("deliveries", "show", "evt_1.sick");
    expect(shown).toMatch(/refused +HTTP 503 +down·\[31m for maintenance$/m);
    expect(await told("deliveries", "list", "--status", "retrying")).toMatch(/^ {2}evt_1 .* sick /m);
  });

  it("are tried now, and cancelled", async () => {
    await told("publish", "order.paid", "{}", "--id", "evt_2");
    await until("it waits", async () =>
      (await told("deliveries", "list", "--event", "evt_2")).includes("retrying"),
    );
    const before = sick.ids().filter((id) => id === "evt_2").length;
    await told("deliveries", "retry", "evt_2.sick");
    await until("it is tried", () => sick.ids().filter((id) => id === "evt_2").length > before);
    await until("it can be cancelled", async () => {
      const { stdout } = await runCommand(["deliveries", "cancel", "evt_2.sick"], variables);
      return stdout === "cancelled evt_2.sick\n";
    });
    expect(await told("why", "evt_2", "sick")).toContain("cancelled");
  });

  it("go on page by page", async () => {
    const first = await runForJson(["deliveries", "list", "--event", "evt_1", "--limit", "2"], variables);
    const words = ["deliveries", "list", "--event", "evt_1", "--after", first.next];
    const rest = await runForJson(words, variables);
    expect(first.data).toHaveLength(2);
    const ids = [...first.data, ...rest.data].map(({ endpoint_id: id }) => id);
    expect(ids.slice(0, 3).toSorted()).toEqual(["given-up", "gone", "sick"]);
    expect(ids.at(-1)).toBe("well");
  });
});

describe("hookwave dead-letters show", () => {
  it("has the receiver's answer", async () => {
    const { data } = await runForJson(["dead-letters", "list", "--endpoint", "given-up"], variables);
    const [{ id }] = data;
    expect(await told("dead-letters", "show", id)).toMatch(/HTTP 503 +down·\[31m for maintenance$/m);
    const whole = await runForJson(["dead-letters", "show", id], variables);
    expect(whole.attempts).toMatchObject([{ response_excerpt: "down\u001b[31m for\nmaintenance" }]);
  });
});

describe("hookwave endpoints", () => {
  it("show settings and how it is; set changes what is given and nothing else", async () => {
    const words = ["endpoints", "set", "other", "--events", "user.made,user.gone", "--max-retries", "3"];
    expect(await told(...words, "--metadata", "team=a")).toBe(
      "changed events, max_retries, metadata of other\n",
    );
    const shown = await told("endpoints", "show", "other");
    expect(shown).toMatch(/^ {2}state +active$/m);
    expect(shown).toMatch(/^ {2}events +\["user\.made","user\.gone"\]$/m);
    expect(await runForJson(["endpoints", "show", "other"], variables)).toMatchObject({
      events: ["user.made", "user.gone"],
      max_retries: 3,
      metadata: { team: "a" },
      profile: "standard",
    });
    expect(await runCommand(["endpoints", "set", "other"], variables)).toMatchObject({ code: 64 });
    const wrong = await runCommand(["endpoints", "set", "other", "--url", "ftp://x"], variables);
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining("ENDPOINT_INVALID") });
  });

  it("test says what came of it, and ends with 1 where it was not taken", async () => {
    const taken = await told("endpoints", "test", "well", "--type", "order.paid", "--data", DATA);
    expect(taken).toMatch(/^ {2}outcome +delivered$/m);
    const received = await well.received(well.ids().length);
    expect(String(received.at(-1)?.body)).toContain(DATA);
    const refused = await runCommand(["endpoints", "test", "sick"], variables);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/^ {2}answer +HTTP 503 down·\[31m for maintenance$/m);
    expect(refused.stdout).toMatch(/^ {2}hint +/m);
  });

  it("logs lists the attempts, stats counts them", async () => {
    const logs = await told("endpoints", "logs", "sick", "--type", "order.*", "--status", "retrying");
    expect(logs).toMatch(/evt_1 +order\.paid +1 +\d+ ms +retrying +HTTP 503 +down·/);
    const stats = await told("endpoints", "stats", "well");
    expect(stats).toMatch(/^ {2}success +100\.0 %$/m);
    expect(stats).toContain("ATTEMPTS");
  });
});

describe("hookwave trigger", () => {
  it("publishes the example of a known type, and names the nearest of one that is none", async () => {
    await service.hookwave.endpoints.add({ id: "models", url: well.url, events: ["model.*"] });
    expect(await told("trigger", "model.registered", "--id", "evt_t")).toContain("published evt_t");
    await until("it came", () => well.ids().includes("evt_t"));
    expect(await runCommand(["trigger", "model.registred"], variables)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('did you mean "model.registered"'),
    });
  });
});

describe("hookwave replays", () => {
  it("shows one, and steers it", async () => {
    const { id } = await service.hookwave.replays.begin({ filter: {}, ratePerSecond: 1 });
    await told("replays", "pause", id);
    expect(await told("replays", "list")).toMatch(new RegExp(`^ {2}${id} .* paused +.* all$`, "m"));
    expect(await told("replays", "show", id)).toMatch(/^ {2}state +paused$/m);
    expect(await told("replays", "cancel", id)).toContain(`${id} is cancelled`);
    expect(await runCommand(["replays", "resume", id], variables)).toMatchObject({ code: 1 });
  });
});
