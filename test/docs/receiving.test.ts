/** docs/receiving.md: what it shows is run as it stands, and what it lists is what the code has. */

import { readFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, it } from "vitest";
import type { InboxStore, WebhookEvent } from "../../src/receiver/index.ts";
import { VERIFICATION_CODES } from "../../src/receiver/verification-error.ts";
import { inboxStoreChecks } from "../../src/testing/inbox-store-checks.ts";
import { signedFixture } from "../../src/testing/signed-fixture.ts";
import { startApi } from "../support/api.ts";
import { untilIdle } from "../support/deliveries.ts";
import { exampleFolder, examplesOf, runExample } from "../support/doc-examples.ts";
import { startHookwave, startRedis } from "../support/service.ts";

const PAGE = "docs/receiving.md";
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** The module that the page shows in the block with this line, imported from a file as a reader would have it. */
async function shown(line: string, folder: Awaited<ReturnType<typeof exampleFolder>>) {
  return await import(await fileOf(line, folder));
}

async function fileOf(line: string, folder: Awaited<ReturnType<typeof exampleFolder>>): Promise<string> {
  const blocks = (await examplesOf(PAGE, "ts")).filter((code) => code.includes(line));
  expect(blocks, `one block with ${line}`).toHaveLength(1);
  return await folder.write(`${line.replace(/\W+/g, "-")}.ts`, blocks[0] ?? "");
}

const lines = (output: string): readonly string[] => output.trim().split("\n");

describe("docs/receiving.md", () => {
  it("shows a receiver in three lines, which verifies, handles once and refuses", async () => {
    await using folder = await exampleFolder();
    const file = await fileOf("fetchReceiver", folder);
    const { body, headers, url } = signedFixture({ secrets: [SECRET], data: { n: 1 } });
    // The reader's framework calls POST; here a few lines do.
    const calls = `
      const request = (body) => new Request(${JSON.stringify(url)}, { method: "POST", body, headers: ${JSON.stringify(headers)} });
      const body = ${JSON.stringify(body)};
      for (const one of [body, body, body + " "]) console.log((await POST(request(one))).status);`;
    const code = `${await readFile(file, "utf8")}${calls}`;
    const printed = await runExample(await folder.write("quick.ts", code), { WEBHOOK_SECRET: SECRET });
    expect(lines(printed)).toEqual(["invoice.paid { n: 1 }", "200", "200", "401"]);
    const statements = (await readFile(file, "utf8")).split("\n").filter((line) => !/^import |^$/.test(line));
    expect(statements).toHaveLength(2);
  });

  it("shows how to verify, and which status answers what", async () => {
    await using folder = await exampleFolder();
    const file = await fileOf("statusFor", folder);
    const { body, headers } = signedFixture({
      secrets: [SECRET],
      type: "job.completed",
      data: { job_id: "j_1", video_id: "v_1" },
    });
    const call = (one: string) =>
      `console.log(await statusFor(${JSON.stringify(one)}, ${JSON.stringify(headers)}, ${JSON.stringify(SECRET)}));\n`;
    const code = `${await readFile(file, "utf8")}${call(body)}${call(`${body} `)}`;
    const printed = await runExample(await folder.write("verify.ts", code), {});
    expect(lines(printed)).toEqual(["job j_1 is done", "200", "401"]);
  });

  it("shows an inbox in Redis that handles an event once", async () => {
    await using redis = await startRedis();
    await using folder = await exampleFolder();
    const file = await fileOf("createRedisStore", folder);
    const event = '{ kind: "custom", id: "evt_1", type: "a", timestamp: "", data: {} } as const';
    const calls = `
      const inbox = inboxFor((event) => console.log(event.id));
      console.log((await inbox.process(${event})).kind, (await inbox.process(${event})).kind);
      redis.disconnect();`;
    const code = `${await readFile(file, "utf8")}${calls}`;
    const printed = await runExample(await folder.write("redis.ts", code), { REDIS_URL: redis.url });
    expect(lines(printed)).toEqual(["evt_1", "handled duplicate"]);
  });

  describe("shows a store in SQL that", () => {
    const databases: DatabaseSync[] = [];
    afterAll(() => {
      for (const database of databases) database.close();
    });

    /** SQLite understands the same statements, so that the test needs no PostgreSQL. */
    const createStore = async (): Promise<InboxStore> => {
      await using folder = await exampleFolder();
      const { createPostgresStore } = await shown("createPostgresStore", folder);
      const database = new DatabaseSync(":memory:");
      databases.push(database);
      database.exec((await examplesOf(PAGE, "sql")).join("\n"));
      return createPostgresStore(async (text: string, values: readonly (string | number)[]) => {
        const parameters = Object.fromEntries(values.map((value, n) => [`$${n + 1}`, value]));
        return { rows: database.prepare(text).all(parameters) };
      });
    };
    for (const { title, run } of inboxStoreChecks(createStore)) it(title, run);
  });

  it("shows how to check a store of one's own, and the checks pass", async () => {
    await using folder = await exampleFolder();
    const printed = await runExample(await fileOf("inboxStoreChecks", folder), {});
    expect(printed).toMatch(/pass [1-9]/);
    expect(printed).toMatch(/fail 0/);
  });

  it("shows how to verify a callback of ai-core, whose signature covers the URL", async () => {
    await using folder = await exampleFolder();
    const { verifyCallback } = await shown("verifyCallback", folder);
    const url = "https://api.example.com/callbacks";
    const data = { task_id: "9b2e4c1a-6f0d-4d3b-8a75-1c2d3e4f5a6b", timestamp: "2025-03-04T05:06:07Z" };
    const sent = { profile: "ai-core", type: "task_started", data, secrets: [SECRET] } as const;
    const good = signedFixture({ ...sent, url });
    const event: WebhookEvent = await verifyCallback(good.body, good.headers, SECRET);
    expect(event).toMatchObject({ kind: "known", type: "task_started", data });
    const elsewhere = signedFixture({ ...sent, url: `${url}/other` });
    await expect(verifyCallback(elsewhere.body, elsewhere.headers, SECRET)).rejects.toMatchObject({
      code: "SIGNATURE_MISMATCH",
    });
  });

  it("shows how to catch up", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    const { token } = await hookwave.keys.create({ name: "receiver", roles: ["read"] });
    await hookwave.publishMany([1, 2, 3].map((n) => ({ id: `evt_${n}`, type: "thing.made", data: { n } })));
    await untilIdle(hookwave);
    await using folder = await exampleFolder();
    const env = { HOOKWAVE_URL: api.url, HOOKWAVE_API_KEY: token };
    const printed = lines(await runExample(await fileOf("catchUp", folder), env));
    expect(printed.slice(0, 3)).toEqual(["missed evt_1", "missed evt_2", "missed evt_3"]);
    expect(printed.slice(3)).toEqual([expect.stringMatching(/^go on after \d+-\d+$/)]);
  });

  it("shows how to test, with fixtures and a scripted receiver", async () => {
    await using folder = await exampleFolder();
    const printed = await runExample(await fileOf("startFakeReceiver", folder), {});
    expect(lines(printed)).toEqual(["invoice.paid 503 503 200 3"]);
  });

  it("documents every code with its status and remedy, and no other", async () => {
    const page = await readFile(new URL(`../../${PAGE}`, import.meta.url), "utf8");
    const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (\d+) \| [^|]+ \| ([^|]+) \|$/gm)];
    const documented = rows.map(([, code, status, remedy]) => [code, [Number(status), remedy]]);
    expect(Object.fromEntries(documented)).toEqual(VERIFICATION_CODES);
  });
});
