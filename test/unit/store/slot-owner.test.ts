/** The way to a slot's owner while not all nodes have heard of a failover. */
import { createServer } from "node:net";
import { Redis } from "ioredis";
import { expect, it } from "vitest";
import type { RedisNode } from "../../../src/core/redis-url.ts";
import { type AskNode, slotConnector } from "../../../src/store/slot-owner.ts";

const nodeOf = (port: number): RedisNode => ({ host: "127.0.0.1", port });
/** The one that listens is the owner of now. */
const [STALE, FORMER] = [nodeOf(1), nodeOf(2)];

async function listen() {
  const server = createServer((socket) => socket.on("error", () => undefined));
  const called = Promise.withResolvers<void>();
  server.on("connection", (socket) => {
    called.resolve();
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return { node: nodeOf(port), called: called.promise, close: () => server.close() };
}

it("is that of the node that calls itself the owner, and not that of one that another still takes for it", async () => {
  const owner = await listen();
  const views = new Map([
    [STALE.port, FORMER],
    [FORMER.port, owner.node],
    [owner.node.port, owner.node],
  ]);
  const askNode: AskNode = async ({ port }) => {
    const named = views.get(port) ?? FORMER;
    const slots = [[0, 16_383, [named.host, named.port], [FORMER.host, FORMER.port]]];
    return [7, slots];
  };
  const Connector = slotConnector({ nodes: [STALE, FORMER], key: "{hookwave}" }, askNode);
  const errors: Error[] = [];
  const redis = new Redis({ Connector, retryStrategy: () => null, lazyConnect: true });
  redis.on("error", (error) => errors.push(error));

  await Promise.all([owner.called, redis.connect().catch(() => undefined)]);

  expect(errors.map(({ message }) => message).filter((message) => message.includes("ECONNREFUSED"))).toEqual(
    [],
  );
  redis.disconnect();
  owner.close();
});
