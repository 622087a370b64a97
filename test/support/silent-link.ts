/**
 * A link to a Redis that can vanish silently, as behind a firewall that forgot about it: connections stay open and
 * nothing comes through any more. Those of a silent time stay silent for good; new ones work again after `restore`.
 */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface SilentLink extends AsyncDisposable {
  /** The Redis, as seen through the link. */
  readonly url: string;
  readonly silence: () => void;
  readonly restore: () => void;
  /** Connections on which something was sent that nobody got. */
  readonly swallowing: () => number;
}

export async function startLink(redisUrl: string): Promise<SilentLink> {
  const target = new URL(redisUrl);
  const sockets = new Set<Socket>();
  const open = new Set<() => void>();
  let isSilent = false;
  let swallowing = 0;

  const join = (near: Socket): void => {
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
    }
    let isCut = false;
    const cut = (): void => {
      isCut = true;
      far.destroy();
      near.once("data", () => {
        swallowing += 1;
      });
    };
    near.on("data", (bytes) => isCut || far.write(bytes));
    far.on("data", (bytes) => isCut || near.write(bytes));
    far.on("close", () => isCut || near.destroy());
    near.on("close", () => {
      far.destroy();
      for (const socket of [near, far]) sockets.delete(socket);
      open.delete(cut);
    });
    open.add(cut);
    if (isSilent) cut();
  };

  const server = createServer(join).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a port to listen on");
  return {
    url: `redis://127.0.0.1:${address.port}`,
    silence: () => {
      isSilent = true;
      for (const cut of open) cut();
    },
    restore: () => {
      isSilent = false;
      open.clear();
    },
    swallowing: () => swallowing,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
