/**
 * Opens the connections deliveries travel on, and refuses every one that leads to an address the policy does
 * not allow. It resolves the name itself, checks the whole answer, connects to what was checked and looks at
 * the peer once more: undici's own lookup hook is skipped for literal addresses (traps 22 and 31), and a name
 * resolved twice can answer twice differently. Where there is a proxy, that connects, to what was checked here (decision 30).
 */
import type { LookupAddress } from "node:dns";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { LRUCache } from "lru-cache";
import type { buildConnector } from "undici";
import type { Origin } from "../core/brand.ts";
import { originOf } from "../core/origin.ts";
import {
  type AddressPolicy,
  allowedAddresses,
  type ClosedNetwork,
  closedNetworkOf,
  isAddressAllowed,
} from "./address-guard.ts";
import { Deadline } from "./deadline.ts";
import type { OutboundProxy } from "./outbound-proxy.ts";
import { overhear } from "./overhear.ts";
import { pinned } from "./pinned.ts";
import type { Exchange } from "./ports.ts";
import type { Lookup } from "./resolver.ts";

export interface ConnectorOptions {
  readonly policy: AddressPolicy;
  /** A monotonic clock in ms. */
  readonly now: () => number;
  /**
   * Limit of name resolution, and again of connecting with its TLS handshake, in ms; through a proxy, of the tunnel and of
   * the handshake each by itself.
   */
  readonly connectTimeoutMs?: number;
  /** PEM certificates to trust instead of the system's. */
  readonly ca?: string;
  readonly lookup: Lookup;
  /** The way to every receiver; null where they are called directly. */
  readonly proxy: OutboundProxy | null;
  /** Hears of the certificate of each connection that is secured: of which origin, and epoch ms of its end. */
  readonly onCertificate?: (origin: Origin, endsAtMs: number) => void;
  /** Hears how far each connection has come; a literal address is never resolved, and plain http never secured. */
  readonly onStage?: (stage: ConnectStage) => void;
}

export type ConnectStage = "resolved" | "connected" | "secured";

interface GuardedConnector {
  readonly connect: buildConnector.connector;
  /** Was this the end of a connection that had carried an answer before? Then it may just have gone stale. */
  readonly endedReused: (error: Error) => boolean;
  /** The beginning of the answer in the middle of which this end came; undefined for any other error. */
  readonly heardBefore: (error: Error) => Buffer | undefined;
  /** Was this the end of a connection through the proxy? Then the proxy may have gone, and not the receiver. */
  readonly endedInTunnel: (error: Error) => boolean;
}

/** The reason for no connection, as the exchange it makes. Its text never names a resolved address. */
export class ConnectFailure extends Error {
  readonly exchange: Exchange;
  /** Of a destination that was refused: the network that it lies in. */
  readonly closedNetwork: ClosedNetwork | null;

  constructor(exchange: Exchange, options?: ErrorOptions, closedNetwork: ClosedNetwork | null = null) {
    super("no connection to the receiver", options);
    this.exchange = exchange;
    this.closedNetwork = closedNetwork;
  }
}

const CONNECT_TIMEOUT_MS = 5_000;
/** TLS sessions kept for resumption, at a few KiB each. */
const MAX_TLS_SESSIONS = 500;
/** A session that is resumed shows the certificate of its first handshake: so often the receiver shows its own. */
const TLS_SESSION_MS = 60 * 60 * 1_000;

const blocked = (closedNetwork: ClosedNetwork | null): ConnectFailure =>
  new ConnectFailure({ kind: "blocked", reason: "blocked_destination" }, {}, closedNetwork);

const failed = (reason: "dns" | "connect" | "tls", cause: unknown): ConnectFailure =>
  new ConnectFailure({ kind: "failed", reason }, { cause });

export function createGuardedConnector(options: ConnectorOptions): GuardedConnector {
  const reusedEnds = new WeakSet<Error>();
  const tunnelEnds = new WeakSet<Error>();
  const heard = new WeakMap<Error, Buffer>();
  const sessions = new LRUCache<string, Buffer>({
    max: MAX_TLS_SESSIONS,
    ttl: TLS_SESSION_MS,
    noUpdateTTL: true,
  });
  const connect: buildConnector.connector = (target, callback) => {
    void openSocket(target, options, sessions).then(
      ({ socket, isTunnel }) => {
        const heardNow = overhear(socket);
        // The proxy's answer came over it.
        const { bytesRead } = socket;
        socket.on("error", (error) => {
          heard.set(error, heardNow());
          // Only clear bytes count here, so that of a TLS connection neither handshake nor tickets do.
          if (socket.bytesRead > bytesRead) reusedEnds.add(error);
          if (isTunnel) tunnelEnds.add(error);
        });
        callback(null, socket);
      },
      (error: unknown) => callback(error instanceof Error ? error : failed("connect", error), null),
    );
  };
  return {
    connect,
    endedReused: (error) => reusedEnds.has(error),
    heardBefore: (error) => heard.get(error),
    endedInTunnel: (error) => tunnelEnds.has(error),
  };
}

async function openSocket(
  target: buildConnector.Options,
  options: ConnectorOptions,
  sessions: LRUCache<string, Buffer>,
): Promise<{ readonly socket: Socket; readonly isTunnel: boolean }> {
  const addresses = await checkedAddresses(target.hostname, options);
  const { proxy } = options;
  const isTunnel = proxy?.leadsTo(addresses) === true;
  const tunnel = isTunnel ? await openTunnel(target, addresses, proxy, options) : null;
  if (target.protocol !== "https:") {
    const socket = tunnel ?? (await whenOpen(connectTcp(directly(target, addresses)), "connect", options));
    return { socket, isTunnel };
  }
  const way = tunnel === null ? directly(target, addresses) : { socket: tunnel };
  const socket = startTls(target, way, options, sessions);
  await whenOpen(socket, "secureConnect", options, isTunnel ? "tls" : "connect");
  const endsAt = socket.getPeerX509Certificate()?.validToDate;
  if (endsAt !== undefined) options.onCertificate?.(originOfTarget(target), endsAt.getTime());
  return { socket, isTunnel };
}

/** The proxy's own address is the operator's choice, and no receiver's: what was checked is where it is asked to go. */
async function openTunnel(
  target: buildConnector.Options,
  addresses: readonly LookupAddress[],
  proxy: OutboundProxy,
  options: ConnectorOptions,
): Promise<Socket> {
  const origin = originOfTarget(target);
  const withinMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  try {
    const tunnel = await proxy.open({ origin, addresses, port: portOf(target), withinMs });
    options.onStage?.("connected");
    return tunnel;
  } catch (error) {
    throw failed("connect", error);
  }
}

const portOf = ({ port, protocol }: buildConnector.Options): number =>
  Number(port || (protocol === "https:" ? 443 : 80));

const directly = (target: buildConnector.Options, addresses: readonly LookupAddress[]) =>
  pinned(target.hostname, portOf(target), addresses);

const originOfTarget = ({ protocol, hostname, port }: buildConnector.Options): Origin =>
  originOf({ url: `${protocol}//${isIP(hostname) === 6 ? `[${hostname}]` : hostname}:${port}` });

/** The addresses of a host, every one of them allowed. */
async function checkedAddresses(
  hostname: string,
  options: ConnectorOptions,
): Promise<readonly LookupAddress[]> {
  const family = isIP(hostname);
  const addresses = family === 0 ? await resolve(hostname, options) : [{ address: hostname, family }];
  if (family === 0) options.onStage?.("resolved");
  const allowed = allowedAddresses(addresses, options.policy);
  if (allowed.length > 0) return allowed;
  const closed = addresses.map(({ address }) => closedNetworkOf(address, options.policy));
  throw blocked(closed.find((network) => network !== null) ?? null);
}

async function resolve(hostname: string, options: ConnectorOptions): Promise<readonly LookupAddress[]> {
  const { promise: timedOut, reject } = Promise.withResolvers<never>();
  const waiting = new AbortController();
  const expire = (): void => {
    reject(new Error("name resolution timed out"));
    waiting.abort();
  };
  const deadline = new Deadline(options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS, options.now, expire);
  try {
    const addresses = await Promise.race([options.lookup(hostname, waiting.signal), timedOut]);
    if (addresses.length === 0) throw new Error("the name has no address");
    return addresses;
  } catch (error) {
    throw failed("dns", error);
  } finally {
    deadline.stop();
  }
}

function startTls(
  target: buildConnector.Options,
  way: ReturnType<typeof pinned> | { readonly socket: Socket },
  options: ConnectorOptions,
  sessions: LRUCache<string, Buffer>,
): TLSSocket {
  const sessionKey = `${target.hostname}:${target.port}`;
  const session = sessions.get(sessionKey);
  const socket = connectTls({
    host: target.hostname,
    ...way,
    // SNI carries names only (RFC 6066 §3); the certificate of a literal address is checked against `host`.
    ...(isIP(target.hostname) === 0 ? { servername: target.hostname } : {}),
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...(session === undefined ? {} : { session }),
    ALPNProtocols: ["http/1.1"],
  });
  return socket.on("session", (ticket) => sessions.set(sessionKey, ticket));
}

/** Resolves at `event`; whatever comes first instead destroys the socket and rejects with its stage. */
function whenOpen(
  socket: Socket,
  event: "connect" | "secureConnect",
  options: ConnectorOptions,
  stage: "connect" | "tls" = "connect",
): Promise<Socket> {
  const { promise, resolve: open, reject } = Promise.withResolvers<Socket>();
  const giveUp = (failure: ConnectFailure) => {
    socket.destroy();
    reject(failure);
  };
  let reached = stage;
  const expire = (): void => giveUp(failed(reached, new Error("timed out")));
  const deadline = new Deadline(options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS, options.now, expire);
  socket.on("error", (error) => giveUp(failed(reached, error)));
  socket.once("connect", () => {
    reached = "tls";
    options.onStage?.("connected");
    const peer = socket.remoteAddress ?? "";
    if (!isAddressAllowed(peer, options.policy)) giveUp(blocked(closedNetworkOf(peer, options.policy)));
  });
  socket.once("secureConnect", () => options.onStage?.("secured"));
  socket.once(event, () => open(socket));
  return promise.finally(() => deadline.stop());
}
