/**
 * Connections to the API. Anybody can open them and say nothing, so those of strangers, who have shown no valid key, are
 * few for each address and short: when there are too many, the oldest goes, never the newest, so that a probe or the
 * holder of a key always gets in. Whoever has shown a valid key keeps the connection.
 */
import { BlockList, isIPv6, type Server, type Socket } from "node:net";
import type { Api } from "./routing.ts";

interface ConnectionBounds {
  /** Connections of strangers from one address. */
  readonly apiConnectionsUnknown: number;
}

/** A connection from there is that of a proxy, behind which anybody may be. */
export type IsProxy = (address: string) => boolean;

/** With BODY_MAX_BYTES each, what bodies can occupy is bounded too. */
const CONNECTIONS_MAX = 1_000;
/** From an answer to a stranger until the next request; others have as long as the server says. */
const STRANGER_KEEP_ALIVE_MS = 5_000;

interface Known {
  readonly open: Set<Socket>;
  /** Oldest first. */
  readonly strangers: Set<Socket>;
  readonly busy: WeakSet<Socket>;
}

/** `networks` as API_TRUSTED_PROXIES lists them. */
export function proxiesIn(networks: readonly string[]): IsProxy {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    list.addSubnet(address, Number(bits), familyOf(address));
  }
  return (address) => networks.length > 0 && address !== "" && list.check(address, familyOf(address));
}

const familyOf = (address: string): "ipv4" | "ipv6" => (isIPv6(address) ? "ipv6" : "ipv4");

/** After whoever asks has been identified: what is asked with a valid key proves its connection. */
export function boundConnections(
  app: Api,
  { apiConnectionsUnknown }: ConnectionBounds,
  isProxy: IsProxy,
): void {
  const known: Known = { open: new Set(), strangers: new Set(), busy: new WeakSet() };
  watchConnections(app.server, known, apiConnectionsUnknown, isProxy);
  app.addHook("onRequest", async ({ caller, socket }, reply) => {
    known.busy.add(socket);
    if (caller !== null && caller !== undefined) known.strangers.delete(socket);
    if (known.strangers.has(socket)) reply.header("keep-alive", `timeout=${STRANGER_KEEP_ALIVE_MS / 1_000}`);
  });
  app.addHook("onResponse", async ({ socket }) => {
    known.busy.delete(socket);
    if (known.strangers.has(socket)) socket.setTimeout(STRANGER_KEEP_ALIVE_MS);
  });
}

function watchConnections(server: Server, known: Known, perAddress: number, isProxy: IsProxy): void {
  const { open, strangers } = known;
  const forget = (socket: Socket): void => {
    open.delete(socket);
    strangers.delete(socket);
  };
  const hangUp = (socket: Socket): void => {
    forget(socket);
    socket.destroy();
  };
  server.on("connection", (socket: Socket) => {
    const { remoteAddress = "" } = socket;
    open.add(socket);
    socket.once("close", () => forget(socket));
    if (!isProxy(remoteAddress)) {
      strangers.add(socket);
      const neighbours = [...strangers].filter((one) => one.remoteAddress === remoteAddress);
      if (neighbours.length > perAddress) hangUp(oldestOf(neighbours, known) ?? socket);
    }
    if (open.size > CONNECTIONS_MAX) hangUp(oldestOf([...strangers], known) ?? socket);
  });
}

/** One that waits for nothing, if there is any: who has asked is about to be answered. */
function oldestOf(strangers: readonly Socket[], { busy }: Known): Socket | undefined {
  return strangers.find((one) => !busy.has(one)) ?? strangers[0];
}
