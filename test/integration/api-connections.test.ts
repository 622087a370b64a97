/** Connections that say nothing: they are bounded and short, and keep nobody out. */
import { once } from "node:events";
import { Agent } from "node:http";
import { connect, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { type Api, ask, startApi } from "../support/api.ts";
import { converse } from "../support/raw-http.ts";
import { sendRaw } from "../support/raw-request.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const TOKEN = "k".repeat(40);
const KEY = { authorization: `Bearer ${TOKEN}` };
const BOUND = 20;

interface Flood extends AsyncDisposable {
  readonly open: () => number;
}

/**
 * So many connections of strangers from each of these addresses; every second one has begun a head. Address by address: what
 * a server's queue (511) cannot hold is open for the caller alone.
 */
async function flood(
  { url }: Api,
  each: number,
  addresses: readonly string[] = ["127.0.0.1"],
): Promise<Flood> {
  const port = Number(new URL(url).port);
  const sockets: Socket[] = [];
  for (const localAddress of addresses) {
    for (let nth = 0; nth < each; nth += 1) {
      // It reads, or it would never see that it has been closed after an answer.
      const socket = connect({ port, host: "127.0.0.1", localAddress })
        .on("error", () => undefined)
        .resume();
      sockets.push(nth % 2 === 0 ? socket : begun(socket));
    }
    await until("all have been opened", () => sockets.every(({ connecting }) => !connecting));
  }
  return {
    open: () => sockets.filter(({ closed }) => !closed).length,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all(sockets.map((socket) => (socket.closed ? undefined : once(socket, "close"))));
    },
  };
}

function begun(socket: Socket): Socket {
  socket.write("POST /api/v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\n");
  return socket;
}

const statusesOf = async ({ url }: Api): Promise<readonly number[]> => {
  const asked = ["/healthz", "/readyz", "/api/v1/event-types"].map((path) =>
    ask(`${url}${path}`, { headers: path.startsWith("/api") ? KEY : {} }),
  );
  return (await Promise.all(asked)).map(({ status }) => status);
};

describe("connections of strangers", () => {
  it("are so many from one address, and probes and holders of keys from the same are served", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, { role: "api", apiKey: TOKEN });
    const settings = { apiConnectionsUnknown: BOUND };
    await using api = await startApi(hookwave, { delivers: false, isOpenToOthers: true, settings });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ours = () =>
      sendRaw(
        api.url,
        { method: "GET", path: "/api/v1/event-types", headers: Object.entries(KEY) },
        agent,
        15_000,
      );
    expect((await ours()).status).toBe(200);
    const [kept] = Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? []);

    await using strangers = await flood(api, 300);
    await until("the oldest are gone", () => strangers.open() <= BOUND);
    expect(await statusesOf(api)).toEqual([200, 200, 200]);
    // The one that has shown a key is older than all of them, and is there still.
    expect((await ours()).status).toBe(200);
    expect(kept?.destroyed).toBe(false);
    agent.destroy();
  });

  it("from many addresses keep nobody out", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, { role: "api", apiKey: TOKEN });
    await using api = await startApi(hookwave, { delivers: false, isOpenToOthers: true });
    const addresses = Array.from({ length: 12 }, (_, nth) => `127.0.1.${nth + 1}`);

    await using strangers = await flood(api, 100, addresses);
    expect(await statusesOf(api)).toEqual([200, 200, 200]);
    await until("the oldest are gone", () => strangers.open() <= 1_000);
  });

  it("end soon after an answer, and sooner than those of holders of a key", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, { role: "api", apiKey: TOKEN });
    await using api = await startApi(hookwave, { delivers: false, isOpenToOthers: true });
    const keepAliveOf = async (path: string, headers = {}) =>
      (await ask(`${api.url}${path}`, { headers })).headers.get("keep-alive");

    expect(await keepAliveOf("/healthz")).toBe("timeout=5");
    expect(await keepAliveOf("/api/v1/keys")).toBe("timeout=5");
    expect(await keepAliveOf("/api/v1/keys", KEY)).toBe("timeout=72");
    const [answered, refused] = await Promise.all([
      converse(api, "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"),
      converse(api, "GET /healthz HTTP/1.1\r\nhost: x\r\n"),
    ]);
    expect(answered).toMatch(/^HTTP\/1\.1 200 /);
    expect(refused).toMatch(/^HTTP\/1\.1 4/);
  }, 14_000);

  it("that come through a proxy are not bounded, and each is counted as who is behind it", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, { role: "api", apiKey: TOKEN });
    const settings = {
      apiConnectionsUnknown: 1,
      apiRateLimitUnknown: 1,
      apiTrustedProxies: ["127.0.0.0/8"],
    };
    await using api = await startApi(hookwave, { delivers: false, isOpenToOthers: true, settings });

    await using through = await flood(api, 10);
    const askFor = (client: string) =>
      ask(`${api.url}/api/v1/keys`, { headers: { "x-forwarded-for": client } });
    expect((await askFor("192.0.2.1")).status).toBe(401);
    expect((await askFor("192.0.2.1")).status).toBe(429);
    expect((await askFor("192.0.2.2")).status).toBe(401);
    expect((await askFor("192.0.2.3")).headers.get("keep-alive")).toBe("timeout=72");
    expect(through.open()).toBe(10);
  });
});
