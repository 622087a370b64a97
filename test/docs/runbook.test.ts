/** docs/runbook.md: a heading for each alert, with the same parts, and commands that run as they stand. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, startApi } from "../support/api.ts";
import { examplesOf } from "../support/doc-examples.ts";
import { startReceiver } from "../support/receiver.ts";
import { readRepositoryFile } from "../support/repository.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { runShown } from "../support/shown-commands.ts";
import { until } from "../support/until.ts";

const PAGE = "docs/runbook.md";
const page = readRepositoryFile(PAGE);
const sections = page.split(/^## /m).slice(1);
const headings = sections.map((section) => section.split("\n")[0] ?? "");
/** Lines that a reader would paste. */
const commands = [...new Set((await examplesOf(PAGE, "sh")).flatMap((block) => block.trim().split("\n")))];

let redis: TestRedis;
let hookwave: TestHookwave;
let api: Api;
beforeAll(async () => {
  redis = await startRedis();
  hookwave = await startHookwave(redis);
  await using receiver = await startReceiver(500);
  await hookwave.endpoints.add({ url: receiver.url, retrySchedule: [] });
  await hookwave.publish({ type: "thing.made", data: {} });
  await until("there is a dead letter", async () => (await hookwave.queueCounts()).dead.depth === 1);
  api = await startApi(hookwave);
});
afterAll(async () => {
  await api.close();
  await hookwave.close();
  await redis[Symbol.asyncDispose]();
});

describe("docs/runbook.md", () => {
  it("has a heading for every alert, in the order of the rules, and no other", () => {
    const alerts = readRepositoryFile("grafana/alerts.yml").matchAll(/^ +- alert: (\w+)$/gm);
    expect(headings).toEqual([...new Set([...alerts].map(([, name]) => name))]);
  });

  it("says of each what it means, where to look, why, what to do, and when it is over", () => {
    const parts = ["**Means.**", "**Look.**", "**Causes.**", "**Do.**", "**Over** when"];
    for (const section of sections) {
      const places = parts.map((part) => section.indexOf(part));
      expect(places, section.split("\n")[0]).toEqual(places.toSorted((one, other) => one - other));
      expect(Math.min(...places), section.split("\n")[0]).toBeGreaterThan(0);
    }
  });

  it("shows commands of ours and curl, and nothing else to paste", () => {
    expect(commands.filter((line) => !/^(?:npx hookwave |curl -sS )/.test(line))).toEqual([]);
  });

  it.each(commands)("shows a command that runs: %s", async (command) => {
    // A process that has just been starved says so, and the command with it.
    await until("it is ready", async () => (await fetch(`${api.url}/readyz`)).ok);
    const { code, stdout } = await runShown(command, api.url);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/\S/) });
  });

  it("names only metrics that there are", async () => {
    const known = await hookwave.metrics.expose();
    const named = [...page.matchAll(/\b((?:hookwave|nodejs)_[a-z0-9_]+)/g)].map(([, name = ""]) => name);
    expect(named.filter((name) => !known.includes(`# HELP ${name} `))).toEqual([]);
  });
});
