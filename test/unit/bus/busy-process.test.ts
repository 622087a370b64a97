/** The writer in a process that has much else to do: a deadline that was only noticed late has not been missed. */
import { once } from "node:events";
import { createConnection, createServer } from "node:net";
import { expect, it } from "vitest";
import { busTarget } from "../../../src/bus/target.ts";
import { createBusWriter } from "../../../src/bus/writer.ts";
import { asEventId } from "../../../src/core/brand.ts";

/** Longer than a busy machine keeps the request itself on its way. */
const DEADLINE_MS = 200;

const standStill = (forMs: number): void => {
  const endAt = performance.now() + forMs;
  while (performance.now() < endAt);
};

it("takes a reply that came in time, although the process looked for it after the deadline only", async () => {
  // Answers each line with one, and keeps this very process from looking at its answer.
  const server = createServer((socket) =>
    socket.on("data", () => {
      socket.write("1");
      setImmediate(() => standStill(2 * DEADLINE_MS));
    }),
  ).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const socket = createConnection(address !== null && typeof address === "object" ? address.port : 0);
  await once(socket, "connect");
  const writer = createBusWriter({
    link: {
      untilReady: () => Promise.resolve(),
      send: async (commands) => {
        socket.write("write");
        await once(socket, "data");
        return commands.map(() => 1);
      },
    },
    target: busTarget({
      legacyRedisList: null,
      legacyRedisChannel: "channel",
      legacyRedisEnvelope: "none",
      legacyRedisEvents: ["*"],
      legacyRedisListMax: 100,
    }),
    deadlineMs: DEADLINE_MS,
    tell: () => undefined,
    system: { monotonicMs: () => performance.now() },
  });
  const event = { id: asEventId("evt_1"), type: "a.b", timestamp: "2026-01-31T12:00:00Z", data: "{}" };
  expect([...(await writer.write([event]))]).toEqual(["evt_1"]);
  socket.destroy();
  server.close();
  await once(server, "close");
});
