/** Programs of other people, with a server of their own in which the API is mounted. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import express from "express";
import express4 from "express4";
import fastify from "fastify";
import { expressHookwave } from "../../src/api/express.ts";
import { fastifyHookwave } from "../../src/api/fastify.ts";
import type { MountableHookwave } from "../../src/api/ports.ts";
import type { Api } from "./api.ts";

export const MOUNTED_AT = "/hooks/v2";
const LOOPBACK = "127.0.0.1";

/** `url` is the API's, the program's own has nothing behind the port. */
export interface Host extends Api {
  readonly origin: string;
}

async function listening(server: Server, address = LOOPBACK): Promise<Host> {
  server.listen(0, address);
  await once(server, "listening");
  return hostAt(server, async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
}

function hostAt(server: Server, close: () => Promise<void>): Host {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a port");
  const origin = `http://${LOOPBACK}:${address.port}`;
  return { origin, url: `${origin}${MOUNTED_AT}`, close, [Symbol.asyncDispose]: close };
}

export type OpenHost = (hookwave: MountableHookwave, address?: string) => Promise<Host>;

const openExpress =
  (create: typeof express): OpenHost =>
  async (hookwave, address) => {
    const app = create();
    app.use(MOUNTED_AT, expressHookwave({ hookwave }));
    app.use(create.json());
    app.post("/own", (request, response) => void response.json({ got: request.body }));
    return await listening(createServer(app), address);
  };

/** Both are in use; bodies, paths and errors differ between them. */
export const EXPRESSES = { "Express 5": express, "Express 4": express4 } as const;

export const openFastify: OpenHost = async (hookwave, address = LOOPBACK) => {
  const app = fastify({ forceCloseConnections: true });
  app.addHook("onRequest", async (_request, reply) => void reply.header("x-own", "yes"));
  await app.register(fastifyHookwave, { hookwave, prefix: MOUNTED_AT });
  app.post("/own", async ({ body }) => ({ got: body }));
  app.get("/throws", async () => {
    throw new Error("of its own");
  });
  await app.listen({ host: address, port: 0 });
  return hostAt(app.server, () => app.close());
};

const openPlain: OpenHost = async (hookwave, address) => {
  const api = expressHookwave({ hookwave, prefix: MOUNTED_AT });
  const server = createServer((request, response) =>
    api(request, response, () => response.writeHead(418).end("its own")),
  );
  return await listening(server, address);
};

export const HOSTS: Readonly<Record<string, OpenHost>> = {
  "Express 5": openExpress(EXPRESSES["Express 5"]),
  "Express 4": openExpress(EXPRESSES["Express 4"]),
  Fastify: openFastify,
  "Node's own server": openPlain,
};
