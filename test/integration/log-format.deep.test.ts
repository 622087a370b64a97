/** The log of `hookwave start` in the form that LOG_FORMAT says. */
import { describe, expect, it } from "vitest";
import { freshDirectory, startCommand } from "../support/command.ts";
import { startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

async function linesOf(format: Readonly<Record<string, string>>): Promise<readonly string[]> {
  await using redis = await startRedis();
  await using directory = await freshDirectory();
  const variables = { HOOKWAVE_DATA_DIR: directory.path, REDIS_URL: redis.url, ...format };
  await using service = startCommand(["start"], variables);
  await until("it has connected", () => service.stdout().includes("service.connected"));
  service.signal("SIGTERM");
  expect(await service.ended()).toBe(0);
  return service.stdout().trimEnd().split("\n");
}

describe("LOG_FORMAT", () => {
  it("writes JSON where standard output is no terminal, unless it says otherwise", async () => {
    for (const line of await linesOf({})) expect(JSON.parse(line)).toMatchObject({ pid: expect.any(Number) });
  });

  it("pretty writes lines for a person, without colours where nobody asked for them", async () => {
    const lines = await linesOf({ LOG_FORMAT: "pretty" });
    for (const line of lines) expect(line).toMatch(/^\d\d:\d\d:\d\d\.\d{3} (?:info |warn |error) \S+\.\S+/);
    expect(lines.at(-1)).toMatch(/ info {2}service\.stopping$/);
  });
});
