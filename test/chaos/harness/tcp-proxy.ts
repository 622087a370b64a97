/**
 * A TCP proxy on loopback that can swallow everything: no error, no end, no answer. What was sent into the hole
 * arrives when it closes again, as the kernel would send it again. It can also be pointed elsewhere, as a virtual
 * address is after a failover.
 */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** From now on nothing passes, in neither direction; connections stay open, and new ones open. */
  readonly blackHole: () => void;
  readonly restore: () => void;
  /** The hole closes for new connections only: of those in it nobody knows any more, as after a firewall's restart. */
  readonly forget: () => void;
  /** New connections go to this port, and what is open stays open. */
  readonly leadTo: (port: number) => void;
  /** Connections that are open to another port than new ones go to. */
  readonly leftBehind: () => number;
  /** Ends what is open; new connections go to this port. */
  readonly pointAt: (port: number) => void;
}

export async function startTcpProxy(upstreamPort: number): Promise<TcpProxy> {
  const pairs = new Map<Socket, Socket>();
  let target = upstreamPort;
  const forgotten = new WeakSet<Socket>();
  let isHole = false;
  const sockets = (): readonly Socket[] => [...pairs].flat();
  const isInHole = (socket: Socket): boolean => isHole || forgotten.has(socket);
  const forward = (from: Socket, to: Socket): void => {
    from.on("data", (chunk) => {
      if (!to.write(chunk)) from.pause();
    });
    to.on("drain", () => {
      if (!isInHole(from)) from.resume();
    });
    if (isHole) from.pause();
  };
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    pairs.set(client, upstream);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      forward(one, other);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        // An end is news as well: it may not pass through the hole.
        if (!isInHole(one)) other.end();
        if (one.destroyed && other.destroyed) pairs.delete(client);
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const endAll = (): void => {
    for (const socket of sockets()) socket.destroy();
    pairs.clear();
  };
  return {
    port: address !== null && typeof address === "object" ? address.port : 0,
    blackHole: () => {
      isHole = true;
      for (const socket of sockets()) socket.pause();
    },
    restore: () => {
      isHole = false;
      for (const [client, upstream] of pairs) {
        if (isInHole(client)) continue;
        if (client.destroyed) upstream.end();
        if (upstream.destroyed) client.end();
        client.resume();
        upstream.resume();
      }
    },
    forget: () => {
      isHole = false;
      for (const socket of sockets()) forgotten.add(socket);
    },
    leadTo: (port) => {
      target = port;
    },
    leftBehind: () => [...pairs.values()].filter(({ remotePort = target }) => remotePort !== target).length,
    pointAt: (port) => {
      target = port;
      isHole = false;
      endAll();
    },
    [Symbol.asyncDispose]: async () => {
      endAll();
      server.close();
      await once(server, "close");
    },
  };
}
