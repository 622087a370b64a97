/** What the documentation shows is run here as it stands. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { startApi } from "../support/api.ts";
import { freshDirectory } from "../support/command.ts";
import { exampleFolder, examplesOf, runExample } from "../support/doc-examples.ts";
import { keptPort } from "../support/kept-port.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { paste } from "../support/terminal.ts";
import { until } from "../support/until.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), "utf8");

describe("the README", () => {
  it("shows a published and verified webhook in its first lines, and exactly those lines work", async () => {
    await using directory = await freshDirectory();
    await using folder = await exampleFolder();
    await using receiver = await startReceiver();
    const page = await read("README.md");
    const [start = ""] = await examplesOf("README.md", "sh");
    const [publish = "", verify = ""] = await examplesOf("README.md", "ts");
    const listen = /`(npx hookwave listen [^`]+)`/.exec(page)?.[1] ?? "";
    // A service and a listener of a reader's own keep their ports.
    const port = String(await keptPort());
    const variables = {
      HOOKWAVE_DATA_DIR: directory.path,
      HOOKWAVE_PORT: port,
      HOOKWAVE_URL: `http://127.0.0.1:${port}`,
    };
    await using service = paste(start.replace(/^npm run demo.*$/m, ""), variables);
    await until("the service works", () => service.shown().includes("service.connected"), 60_000);
    await using listener = paste(`${listen} --port 0`, variables);
    await until("it listens", () => listener.shown().includes("comes here as endpoint"), 60_000);
    const added = await fetch(`${variables.HOOKWAVE_URL}/api/v1/webhooks`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ url: receiver.url, secret: [SECRET] }),
    });
    expect(added.status).toBe(201);

    const printed = await runExample(await folder.write("publish.ts", publish), variables);

    const [request] = await receiver.received(1);
    const id = String(request?.headers["webhook-id"]);
    expect(printed).toBe(`${id} is stored\n`);
    await until("the listener has verified it", () =>
      listener.shown().includes(`valid  invoice.paid  ${id}`),
    );
    const { verify: verifyAsShown } = await import(await folder.write("verify.ts", verify));
    expect(verifyAsShown(SECRET, String(request?.body), request?.headers)).toMatchObject({
      type: "invoice.paid",
      data: { invoice: "in_42", cents: 1999 },
    });
    expect(() => verifyAsShown(SECRET, "{}", request?.headers)).toThrow();
    const firstLines = page.split("\n").slice(0, 40).join("\n");
    for (const shown of [start, listen, publish, verify]) expect(firstLines).toContain(shown);
  }, 180_000);

  it.each([
    ["README.md", 2],
    ["docs/embedding.md", 0],
  ])("and %s show how to embed the service, and that compiles and starts", async (page, place) => {
    await using redis = await startRedis();
    await using folder = await exampleFolder();
    const embed = (await examplesOf(page, "ts"))[place] ?? "";
    // A reader lets it run; a test wants it to end, and has its Redis on another port.
    const code = `${embed}\nawait hookwave.close();\n`.replace("redis://127.0.0.1:6379", redis.url);
    expect(code).toContain("createHookwave(");

    await runExample(await folder.write("embed.ts", code), { HOOKWAVE_DATA_DIR: redis.dataDir });
  });
});

describe("the README's five minutes", () => {
  it("work when they are pasted into two terminals: what is published is what the receiver prints", async () => {
    await using directory = await freshDirectory();
    const [, one = "", other = ""] = await examplesOf("README.md", "sh");
    // A service and a receiver of a reader's own keep their ports; the commands find ours by the same variable.
    const port = String(await keptPort());
    const variables = { HOOKWAVE_DATA_DIR: directory.path, HOOKWAVE_PORT: port, REDIS_URL: "" };
    await using service = paste(one, variables);
    await until("the service works", () => service.shown().includes("service.connected"), 60_000);
    await using commands = paste(other.replaceAll("3000", String(await keptPort())), variables);

    await until("the last command has answered", () => commands.shown().includes("no dead letters"), 90_000);
    await until("the receiver has printed it", () =>
      /\{[^{]*"type":"invoice\.paid".*"data":\{"invoice":"in_42"\}\s*\}/s.test(commands.shown()),
    );
    expect(commands.shown()).toMatch(/whsec_/);
  }, 180_000);
});

describe("docs/producers.md", () => {
  it("shows publishers that publish what they say", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await using folder = await exampleFolder();
    await using api = await startApi(hookwave);
    await hookwave.endpoints.add({ url: receiver.url, profile: "hokusai", secrets: ["s"] });

    for (const [n, code] of (await examplesOf("docs/producers.md", "ts")).entries()) {
      await runExample(await folder.write(`producer-${n}.ts`, code), {
        REDIS_URL: redis.url,
        HOOKWAVE_URL: api.url,
      });
    }

    await receiver.received(6);
    const bodies = receiver.requests.map(({ body }) => String(body)).toSorted();
    expect(bodies).toEqual(
      [
        '{"order": 12345678901234567890}',
        '{"order":"o_1"}',
        '{"order":"o_2"}',
        '{"order":"o_2"}',
        '{"order":"o_3"}',
        '{"order":"o_3"}',
      ].toSorted(),
    );
  });
});
