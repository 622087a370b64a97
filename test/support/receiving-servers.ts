/** A real server in each framework, with the adapter as its documentation says, on a free port of loopback. */
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import express from "express";
import express4 from "express4";
import Fastify from "fastify";
import { Hono } from "hono";
import type { ReceiverOptions } from "../../src/receiver/answer.ts";
import { expressReceiver } from "../../src/receiver/express.ts";
import { fastifyReceiver } from "../../src/receiver/fastify.ts";
import { fetchReceiver } from "../../src/receiver/fetch.ts";
import { honoReceiver } from "../../src/receiver/hono.ts";

export interface ReceivingServer extends AsyncDisposable {
  /** The address that receives webhooks. */
  readonly url: string;
  /** An ordinary route beside it, which echoes the JSON it parsed. */
  readonly echoUrl: string;
}

export const FRAMEWORKS = {
  Express: inExpress(express),
  "Express 4": inExpress(express4),
  Fastify: async (options: ReceiverOptions) => {
    const app = Fastify();
    app.register(fastifyReceiver({ path: "/hook", ...options }));
    app.post("/echo", async (request) => request.body);
    await app.listen({ port: 0, host: "127.0.0.1" });
    return serving(app.server, () => app.close());
  },
  Hono: (options: ReceiverOptions) => {
    const app = new Hono();
    app.post("/hook", honoReceiver(options));
    app.post("/echo", async (context) => context.json(await context.req.json()));
    app.onError((_, context) => context.text("failed", 500));
    return listen(getRequestListener(app.fetch));
  },
  /** Next.js calls a route's `POST` with a Request; that is all this adapter needs to know of it. */
  "a Next.js route handler": (options: ReceiverOptions) => {
    const POST = fetchReceiver(options);
    const route = async (request: Request): Promise<Response> =>
      request.url.endsWith("/echo") ? Response.json(await request.json()) : await POST(request);
    return listen(getRequestListener(route, { errorHandler: () => new Response("failed", { status: 500 }) }));
  },
} as const satisfies Readonly<Record<string, (options: ReceiverOptions) => Promise<ReceivingServer>>>;

export const FRAMEWORK_NAMES = [
  "Express",
  "Express 4",
  "Fastify",
  "Hono",
  "a Next.js route handler",
] as const;

function inExpress(create: typeof express) {
  return (options: ReceiverOptions): Promise<ReceivingServer> => {
    const app = create();
    app.post("/hook", expressReceiver(options));
    app.post("/echo", create.json(), (request, response) => void response.json(request.body));
    app.use(quietly);
    return listen(app);
  };
}

/** Name, Express, parser, and the status of a request that comes behind it. */
export const EXPRESS_PARSERS = [...parsersOf("Express 5", express), ...parsersOf("Express 4", express4)];

function parsersOf(name: string, create: typeof express) {
  return [
    [`${name}'s raw`, create, create.raw({ type: () => true }), 200],
    [`${name}'s text, for text without a BOM`, create, create.text({ type: () => true }), 200],
    [`${name}'s json`, create, create.json(), 500],
    [`${name}'s urlencoded, which has let it pass`, create, create.urlencoded({ extended: false }), 200],
  ] as const;
}

/** Express' own would print the stack trace. */
export const quietly: express.ErrorRequestHandler = (error, _request, response, _next) => {
  response
    .status(500)
    .type("text")
    .send(error instanceof Error ? error.message : "failed");
};

export async function listen(listener: RequestListener): Promise<ReceivingServer> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return serving(server, async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
}

function serving(server: Server, close: () => Promise<void>): ReceivingServer {
  const address = server.address();
  const origin = `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
  return { url: `${origin}/hook`, echoUrl: `${origin}/echo`, [Symbol.asyncDispose]: close };
}
