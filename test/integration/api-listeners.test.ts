/** To whom the HTTP listeners of a process are open, as `hookwave start` opens them. */
import { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { apiUrl, connected, freshDirectory, runForJson, startCommand } from "../support/command.ts";
import { keptPort } from "../support/kept-port.ts";
import { startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

/** An address of this machine that others could reach, where it has one; loopback has a whole network of its own. */
const outside =
  Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === "IPv4" && !one.internal)?.address ?? "0.0.0.0";

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );

describe("HOOKWAVE_HOST beyond loopback", () => {
  it("is not listened on while there is no API key, and the log says so", async () => {
    await using directory = await freshDirectory();
    await using redis = await startRedis();
    const variables = { HOOKWAVE_DATA_DIR: directory.path, REDIS_URL: redis.url, HOOKWAVE_HOST: outside };
    await using service = startCommand(["start", "--role", "api"], variables);
    const url = await apiUrl(service);

    expect(new URL(url).hostname).toBe("127.0.0.1");
    expect(await answers(url)).toBe(true);
    await until("it has said so", () =>
      service.log().some(({ notice }) => String(notice).includes("there is no API key yet")),
    );
  });

  it("is listened on while Redis has not said whether there is one, and everyone is told so", async () => {
    await using directory = await freshDirectory();
    const nowhere = `redis://127.0.0.1:${await keptPort()}`;
    const variables = { HOOKWAVE_DATA_DIR: directory.path, REDIS_URL: nowhere, HOOKWAVE_HOST: outside };
    await using service = startCommand(["start", "--role", "api"], variables);
    const url = await apiUrl(service);

    expect(new URL(url).hostname).toBe(outside);
    expect(await answers(url)).toBe(true);
    for (const headers of [{}, { authorization: `Bearer hw_live_${"0".repeat(16)}_${"x".repeat(43)}` }]) {
      const refused = await fetch(`${url}/api/v1/keys`, { headers });
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    }
  });

  it("is listened on with HOOKWAVE_API_KEY, or once a key was made", async () => {
    await using directory = await freshDirectory();
    await using redis = await startRedis();
    const variables = { HOOKWAVE_DATA_DIR: directory.path, REDIS_URL: redis.url, HOOKWAVE_HOST: outside };
    const open = async (more: Readonly<Record<string, string>>) => {
      await using service = startCommand(["start", "--role", "api"], { ...variables, ...more });
      const url = await apiUrl(service);
      expect(new URL(url).hostname).toBe(outside);
      await connected(service);
      expect((await fetch(`${url}/api/v1/keys`)).status).toBe(401);
    };

    await open({ HOOKWAVE_API_KEY: "k".repeat(32) });
    const there = ["--redis", redis.url];
    const made = await runForJson(["keys", "create", "ci", "--role", "read", ...there], variables);
    expect(made).toMatchObject({ name: "ci", roles: ["read"], token: expect.stringMatching(/^hw_live_/) });
    await open({});
    const { data } = await runForJson(["keys", "list", ...there], variables);
    expect(data).toHaveLength(1);
    expect(JSON.stringify(data)).not.toContain("hw_live_");
  });
});
