/**
 * A receiver that is nothing but sockets, so that a test decides over every byte of the answer and may misbehave
 * in ways no HTTP server would. It reads whole requests, keeps them, and leaves the answering to the test.
 */
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

export interface ReceivedRequest {
  readonly head: string;
  readonly body: string;
  /** From 1, on its connection. */
  readonly ordinal: number;
}

export type Answer = (socket: Socket, request: ReceivedRequest) => void;

export interface RawReceiver {
  readonly port: number;
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
  readonly connectionCount: () => number;
  readonly openCount: () => number;
  readonly close: () => Promise<void>;
}

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export async function startRawReceiver(answer: Answer, certificate?: Certificate): Promise<RawReceiver> {
  const requests: ReceivedRequest[] = [];
  const open = new Set<Socket>();
  let connections = 0;

  const serve = (socket: Socket) => {
    let text = "";
    let ordinal = 0;
    socket.on("error", () => socket.destroy());
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => {
      text += chunk;
      for (let request = cutRequest(text); request !== null; request = cutRequest(text)) {
        text = request.rest;
        ordinal += 1;
        const received = { head: request.head, body: request.body, ordinal };
        requests.push(received);
        answer(socket, received);
      }
    });
  };
  const server = certificate === undefined ? createTcpServer(serve) : createTlsServer(certificate, serve);
  server.on("connection", (socket: Socket) => {
    connections += 1;
    open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => open.delete(socket));
  });

  const port = await listen(server);
  return {
    port,
    url: `${certificate === undefined ? "http" : "https"}://127.0.0.1:${port}/hooks`,
    requests,
    connectionCount: () => connections,
    openCount: () => open.size,
    close: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Bodies here are ASCII, so that characters are bytes. */
function cutRequest(text: string): { head: string; body: string; rest: string } | null {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd === -1) return null;
  const head = text.slice(0, headEnd);
  const bodyBytes = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
  const bodyStart = headEnd + 4;
  if (text.length < bodyStart + bodyBytes) return null;
  return {
    head,
    body: text.slice(bodyStart, bodyStart + bodyBytes),
    rest: text.slice(bodyStart + bodyBytes),
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("expected a TCP port"));
      else resolve(address.port);
    });
  });
}

/** A whole answer with its length, which keeps the connection open. */
export function plainAnswer(status: number, body = "", headers: readonly string[] = []): string {
  const lines = [`HTTP/1.1 ${status} Because`, ...headers, `content-length: ${Buffer.byteLength(body)}`];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

/** Writes `chunk` again and again, as fast as the other side reads, until the connection ends. */
export function pourForEver(socket: Socket, chunk: Buffer | string): void {
  const pour = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on("drain", pour);
  pour();
}

/** Writes `chunk` every `everyMs` until the connection ends. */
export function drip(socket: Socket, chunk: string, everyMs: number): void {
  const timer = setInterval(() => socket.write(chunk), everyMs);
  socket.on("close", () => clearInterval(timer));
}
