/** `hookwave tail`: attempts as they are made, for a person and as lines of JSON, also across an API that is started again. */
import { describe, expect, it } from "vitest";
import { startApi } from "../support/api.ts";
import { runCommand, startCommand } from "../support/command.ts";
import { keptPort } from "../support/kept-port.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

async function openScene() {
  const stack = new AsyncDisposableStack();
  const redis = stack.use(await startRedis());
  const hookwave = stack.use(await startHookwave(redis, { breakerFailureThreshold: 10_000 }));
  const good = stack.use(await startReceiver());
  const bad = stack.use(await startReceiver(503));
  await hookwave.endpoints.add({ id: "good", url: good.url });
  await hookwave.endpoints.add({ id: "bad", url: bad.url, retrySchedule: [60_000] });
  return { redis, hookwave, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

describe("hookwave tail", () => {
  it("shows each attempt that was asked for, comes back to where it was, and ends at Ctrl-C", async () => {
    await using scene = await openScene();
    const { hookwave } = scene;
    await using api = await startApi(hookwave, { port: await keptPort() });
    const variables = { HOOKWAVE_URL: api.url };
    await using all = startCommand(["tail", "--json"], variables);
    await using failing = startCommand(["tail", "--endpoint", "bad", "--outcome", "retrying"], variables);
    const seen = () =>
      all
        .stdout()
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    let published = 0;
    // They have begun when what is published now is seen by both.
    await until("both watch", async () => {
      await hookwave.publish({ id: `evt_${published}`, type: "work.done", data: {} });
      published += 1;
      return await until("it is seen", () => seen().length > 0 && failing.stdout() !== "", 1_000);
    });
    expect(failing.stdout()).toMatch(
      /^\S+Z {2}retrying {3}work\.done {2}evt_\d+ {2}→ bad {2}HTTP 503 in \d+ ms, attempt 1, next at \S+Z\n/,
    );
    expect(failing.stdout()).not.toContain("→ good");

    await api.close();
    await until("both know", () => [all, failing].every((one) => one.stderr().includes("trying again")));
    await hookwave.publish({ id: "evt_meanwhile", type: "work.done", data: {} });
    await using back = await startApi(hookwave, { port: Number(new URL(api.url).port) });
    await until("it is seen by both", () => {
      const ids = seen().map(({ event_id: id }) => id);
      return ids.includes("evt_meanwhile") && failing.stdout().includes("evt_meanwhile");
    });
    const deliveries = seen().map(({ delivery_id: id }) => id);
    expect(new Set(deliveries).size, "each once").toBe(deliveries.length);
    expect(seen().every(({ kind }) => kind === "attempt")).toBe(true);
    expect(back.url).toBe(api.url);
    all.interrupt();
    failing.interrupt();
    expect([await all.ended(), await failing.ended()]).toEqual([0, 0]);
  });

  it("is refused for what it does not know, and where nothing answers", async () => {
    expect(await runCommand(["tail", "--outcome", "odd"])).toMatchObject({ code: 64 });
    const nobody = { HOOKWAVE_URL: "http://127.0.0.1:1" };
    const { code, stderr } = await runCommand(["tail"], nobody);
    expect(stderr).toContain("API_UNAVAILABLE");
    expect(code).not.toBe(0);
  });
});
