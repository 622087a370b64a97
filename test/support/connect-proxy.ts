/**
 * A proxy that makes tunnels (CONNECT, RFC 9110 §9.3.6), real but for where they lead: a test may have it take any address
 * for a receiver of its own. What it was asked for is kept, headers and all.
 */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { connect, type Socket } from "node:net";

export interface Asked {
  /** The address and port that it was to connect to, as it was written. */
  readonly authority: string;
  readonly headers: IncomingHttpHeaders;
}

/** The port on this machine that a tunnel leads to; or a status to refuse it with, or no answer at all. */
export type Routing = (
  authority: string,
) => { readonly port: number } | { readonly status: number } | "silent";

export interface ConnectProxy extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly asked: readonly Asked[];
  /** From now on. */
  readonly route: (routing: Routing) => void;
  readonly openCount: () => number;
  /** Every connection breaks off, and nobody listens any more. */
  readonly close: () => Promise<void>;
}

/** Leads where it is asked to. */
const asAsked: Routing = (authority) => ({ port: Number(authority.split(":").at(-1)) });

/** Listens on a free port, or on this one. `credentials`: as they stand in a header, without which it answers 407. */
export async function startConnectProxy(
  routing: Routing = asAsked,
  { credentials = null, port = 0 }: { readonly credentials?: string | null; readonly port?: number } = {},
): Promise<ConnectProxy> {
  let route = routing;
  const asked: Asked[] = [];
  const open = new Set<Socket>();
  const keep = (socket: Socket): void => {
    open.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => open.delete(socket));
  };
  const isKnown = (headers: IncomingHttpHeaders): boolean =>
    credentials === null || headers["proxy-authorization"] === credentials;
  const server = createServer(({ headers }, response) =>
    response.writeHead(isKnown(headers) ? 400 : 407).end(),
  );
  server.on("connection", keep);
  server.on("connect", ({ url = "", headers }, near: Socket) => {
    asked.push({ authority: url, headers });
    const to = isKnown(headers) ? route(url) : { status: 407 };
    // Nobody else reads what would tell of its end.
    if (to === "silent" || "status" in to) near.resume().once("end", () => near.end());
    if (to === "silent") return;
    if ("status" in to) near.end(`HTTP/1.1 ${to.status} No\r\ncontent-length: 2\r\n\r\nno`);
    else join(near, to.port, keep);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const bound = address !== null && typeof address === "object" ? address.port : 0;
  const close = async (): Promise<void> => {
    for (const socket of open) socket.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, "close");
  };
  return {
    port: bound,
    url: `http://127.0.0.1:${bound}`,
    asked,
    route: (routing) => {
      route = routing;
    },
    openCount: () => open.size,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function join(near: Socket, port: number, keep: (socket: Socket) => void): void {
  const far = connect(port, "127.0.0.1");
  keep(far);
  const refuse = (): void => void near.resume().end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
  far.once("error", refuse);
  far.once("connect", () => {
    far.off("error", refuse);
    near.write("HTTP/1.1 200 Connection established\r\n\r\n");
    near.pipe(far).pipe(near);
    near.once("close", () => far.destroy());
    far.once("close", () => near.destroy());
  });
}
