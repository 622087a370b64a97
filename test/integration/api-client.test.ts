/** A client that a stranger's generator makes of the OpenAPI document does what its reader would want first. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { startApi } from "../support/api.ts";
import { exampleFolder } from "../support/doc-examples.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const generator = join(root, "node_modules/oazapfts/dist/cli.js");

const USE = `
import * as hookwave from "./client.ts";
const [baseUrl, token, receiver] = process.argv.slice(2);
hookwave.defaults.baseUrl = baseUrl;
hookwave.defaults.headers = { authorization: \`Bearer \${token}\` };
const ok = ({ status, data }) => {
  if (status >= 300) throw new Error(\`\${status} \${JSON.stringify(data)}\`);
  return data;
};
const until = async (look) => {
  for (;;) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
const webhook = ok(await hookwave.createWebhook({ url: receiver, max_retries: 0 }));
const event = ok(await hookwave.publishEvents({ type: "thing.made", data: { n: 1 } }));
const logs = await until(async () => {
  const { data } = ok(await hookwave.listWebhookLogs(webhook.id));
  return data.length > 0 && data;
});
const letter = await until(async () => ok(await hookwave.listDeadLetters()).data[0]);
const replay = ok(await hookwave.createReplay({ filter: { endpoint: webhook.id } }));
const done = await until(async () => {
  const found = ok(await hookwave.getReplay(replay.id));
  return found.state === "done" && found;
});
console.log(JSON.stringify({ event, logs, letter, done }));
`;

/** Runs to its end with nothing on standard error; resolves with what it wrote. */
async function run(...words: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...words]);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  expect(err).toBe("");
  return out;
}

describe("a client generated from docs/openapi.json", () => {
  it("makes a webhook, publishes, reads its logs and replays", async () => {
    await using redis = await startRedis();
    const apiKey = "k".repeat(32);
    await using hookwave = await startHookwave(redis, { apiKey });
    await using api = await startApi(hookwave);
    await using receiver = await startReceiver(503, 200);
    await using folder = await exampleFolder();
    const client = await folder.write("client.ts", "");
    const use = await folder.write("use.ts", USE);

    await run(generator, join(root, "docs/openapi.json"), client);
    const said: unknown = JSON.parse(await run(use, api.url, apiKey, receiver.url));

    expect(said).toMatchObject({
      logs: [{ response_status: 503, status: "failed" }],
      letter: { reason: "exhausted" },
      done: { replayed: 1 },
    });
    await receiver.received(2);
    expect(new Set(receiver.ids()).size).toBe(1);
    expect(await readFile(client, "utf8")).toContain("export function explainEvent");
  });
});
