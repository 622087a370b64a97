/**
 * docs/migration.md: the runbook is run top to bottom, as it stands, against a service that delivers, a consumer of the
 * bus and a receiver; its tables and snippets are held against the code.
 */
import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { messageIdOf } from "../../src/bus/uuid5.ts";
import { PHASES, type Phase } from "../../src/core/migration.ts";
import { type Api, startApi } from "../support/api.ts";
import { type BusConsumer, listenToBus, registered } from "../support/bus.ts";
import { exampleFolder, examplesOf, runExample } from "../support/doc-examples.ts";
import { isInstalled } from "../support/example-process.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { readRepositoryFile } from "../support/repository.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { runShown } from "../support/shown-commands.ts";
import { until } from "../support/until.ts";

const PAGE = "docs/migration.md";
const page = readRepositoryFile(PAGE);
/** Lines that a reader would paste, in the order of the page. */
const commands = (await examplesOf(PAGE, "sh")).flatMap((block) => block.trim().split("\n"));

let redis: TestRedis;
let receiver: Receiver;
let bus: BusConsumer;
let hookwave: TestHookwave;
let api: Api;
beforeAll(async () => {
  redis = await startRedis();
  receiver = await startReceiver();
  bus = await listenToBus(redis.url);
  hookwave = await startHookwave(redis, { enableRedisFallback: true });
  await hookwave.endpoints.add({ id: "default", url: receiver.url });
  api = await startApi(hookwave);
});
afterAll(async () => {
  await api.close();
  await hookwave.close();
  await bus[Symbol.asyncDispose]();
  await receiver.close();
  await redis[Symbol.asyncDispose]();
});

const phaseNow = async (): Promise<Phase> => (await hookwave.migration.status()).phase;

describe("the runbook", () => {
  it("has nothing to paste but commands of ours and curl, and a switch to every phase", () => {
    expect(commands.filter((line) => !/^(?:npx hookwave |curl -sS )/.test(line))).toEqual([]);
    const phases = commands.map((line) => /migration set (\w+)/.exec(line)?.[1]);
    expect(PHASES.filter((phase) => !phases.includes(phase))).toEqual([]);
  });

  it("is run top to bottom while events are published: each switch is obeyed, and nothing is lost", async () => {
    const published: string[] = [];
    const publish = async (): Promise<void> => {
      const id = `evt_${published.length}`;
      published.push(id);
      await hookwave.publish(registered(id));
    };
    for (const command of commands) {
      await publish();
      // A reader has ten minutes, a test has not.
      const asked = command.replace("--for 10m", "--for 2s");
      const { code, stdout } = await runShown(asked, api.url, { LEGACY_REDIS_URL: redis.url });
      const wanted = /migration set (\w+)/.exec(command)?.[1] ?? /"phase": "(\w+)"/.exec(command)?.[1];
      // An hour of evidence is what a test does not have, and the report must say so.
      const isReport = command.includes("migration report");
      expect({ command, code, stdout }).toMatchObject({ command, code: isReport ? 2 : 0 });
      if (isReport) expect(stdout).toMatch(/less than an hour/);
      if (wanted !== undefined) expect(await phaseNow()).toBe(wanted);
      await publish();
    }
    // A share sends some by the bus alone, and `webhook` none of them there.
    const onBus = async (): Promise<readonly string[]> =>
      (await bus.entries()).map((entry) => JSON.parse(entry).payload.model_id);
    await until("each event has come by one way at least", async () => {
      const arrived = new Set([...receiver.ids(), ...(await onBus())]);
      return published.every((id) => arrived.has(id));
    });
    await until("nothing is kept any more", async () => (await hookwave.migration.status()).backlog === 0);
  }, 120_000);
});

describe("docs/migration.md", () => {
  it("has a row for each phase, and a heading", () => {
    for (const phase of PHASES) {
      expect(page).toMatch(new RegExp(`^\\| \`${phase}\``, "m"));
      expect(page).toMatch(new RegExp(`^## Phase \`${phase}\``, "m"));
    }
  });

  it("says of each phase when to enter, what to run, when to leave, and how to get back", () => {
    for (const section of page.split(/^## Phase /m).slice(1)) {
      const own = section.split(/^## /m)[0] ?? "";
      const isWayBack = own.startsWith("`redis`");
      const wanted = ["**Enter when**", "migration set ", isWayBack ? "**Leave**" : "**Leave when**"];
      for (const part of [...wanted, ...(isWayBack ? [] : ["**Back:**"])]) expect(own).toContain(part);
    }
  });

  it("names only metrics that there are", async () => {
    const { expose } = hookwave.metrics;
    const known = await expose();
    const named = [...page.matchAll(/`(hookwave_[a-z_]+)/g)].map(([, name = ""]) => name);
    expect(named.length).toBeGreaterThan(4);
    expect(named.filter((name) => !known.includes(`# HELP ${name} `))).toEqual([]);
  });

  it("shows a producer whose own text for the bus is what the bus gets", async () => {
    await using folder = await exampleFolder();
    const [code = ""] = await examplesOf(PAGE, "ts");
    await hookwave.migration.set({
      ...{ phase: "dual", forMs: null, reason: null, backlog: "deliver", shares: null, by: "test" },
    });
    await runExample(await folder.write("producer.ts", code), { REDIS_URL: redis.url });
    await until("the channel has said it", () =>
      bus.heard.some((text) => text.includes('"token_symbol":"msft-1"')),
    );
    const body = await until("the webhook has come", () =>
      receiver.requests.find(({ body: sent }) => String(sent).includes('"m_1"')),
    );
    expect(String(body.body)).not.toContain("token_symbol");
  });

  it.runIf(isInstalled("python3"))("shows how Python makes the message_id of a webhook-id", async () => {
    const [code = ""] = await examplesOf(PAGE, "python");
    const { stdout, stderr } = spawnSync("python3", ["-c", `${code}\nprint(message_id_of("evt_1"))`]);
    expect([String(stdout).trim(), String(stderr)]).toEqual([messageIdOf("evt_1"), ""]);
  });
});
