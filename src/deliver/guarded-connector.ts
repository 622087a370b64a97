/**
 * Opens the connections deliveries travel on, and refuses every one that leads to an address the policy does
 * not allow. It resolves the name itself, checks the whole answer, connects to what was checked and looks at
 * the peer once more: undici's own lookup hook is skipped for literal addresses (traps 22 and 31), and a name
 * resolved twice can answer twice differently.
 */
import type { LookupAddress } from "node:dns";
import { lookup as systemLookup } from "node:dns/promises";
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { LRUCache } from "lru-cache";
import type { buildConnector } from "undici";
import type { Origin } from "../core/brand.ts";
import { originOf } from "../core/origin.ts";
import { type AddressPolicy, isAddressAllowed } from "./address-guard.ts";
import { Deadline } from "./deadline.ts";
import type { Exchange } from "./ports.ts";

/** All addresses of a host name; rejects when there are none. */
export type Lookup = (hostname: string) => Promise<readonly LookupAddress[]>;

export interface ConnectorOptions {
  readonly policy: AddressPolicy;
  /** A monotonic clock in ms. */
  readonly now: () => number;
  /** Limit of name resolution, and again of connecting with its TLS handshake, in ms. */
  readonly connectTimeoutMs?: number;
  /** PEM certificates to trust instead of the system's. */
  readonly ca?: string;
  /** The resolver of names; the system's by default. */
  readonly lookup?: Lookup;
  /** Hears of the certificate of each connection that is secured: of which origin, and epoch ms of its end. */
  readonly onCertificate?: (origin: Origin, endsAtMs: number) => void;
  /** Hears how far each connection has come; a literal address is never resolved, and plain http never secured. */
  readonly onStage?: (stage: ConnectStage) => void;
}

export type ConnectStage = "resolved" | "connected" | "secured";

export interface GuardedConnector {
  readonly connect: buildConnector.connector;
  /** Was this the end of a connection that had carried an answer before? Then it may just have gone stale. */
  readonly endedReused: (error: Error) => boolean;
}

/** The reason for no connection, as the exchange it makes. Its text never names a resolved address. */
export class ConnectFailure extends Error {
  readonly exchange: Exchange;

  constructor(exchange: Exchange, options?: ErrorOptions) {
    super("no connection to the receiver", options);
    this.exchange = exchange;
  }
}

const CONNECT_TIMEOUT_MS = 5_000;
/** Happy eyeballs (RFC 8305): how long one address may keep the next one waiting, in ms. */
const ADDRESS_ATTEMPT_MS = 500;
/** TLS sessions kept for resumption, at a few KiB each. */
const MAX_TLS_SESSIONS = 500;
/** A session that is resumed shows the certificate of its first handshake: so often the receiver shows its own. */
const TLS_SESSION_MS = 60 * 60 * 1_000;

const blocked = (): ConnectFailure => new ConnectFailure({ kind: "blocked", reason: "blocked_destination" });

const failed = (reason: "dns" | "connect" | "tls", cause: unknown): ConnectFailure =>
  new ConnectFailure({ kind: "failed", reason }, { cause });

export function createGuardedConnector(options: ConnectorOptions): GuardedConnector {
  const reusedEnds = new WeakSet<Error>();
  const sessions = new LRUCache<string, Buffer>({
    max: MAX_TLS_SESSIONS,
    ttl: TLS_SESSION_MS,
    noUpdateTTL: true,
  });
  const connect: buildConnector.connector = (target, callback) => {
    void openSocket(target, options, sessions).then(
      (socket) => {
        socket.on("error", (error) => {
          // Only clear bytes count here, so that of a TLS connection neither handshake nor tickets do.
          if (socket.bytesRead > 0) reusedEnds.add(error);
        });
        callback(null, socket);
      },
      (error: unknown) => callback(error instanceof Error ? error : failed("connect", error), null),
    );
  };
  return { connect, endedReused: (error) => reusedEnds.has(error) };
}

async function openSocket(
  target: buildConnector.Options,
  options: ConnectorOptions,
  sessions: LRUCache<string, Buffer>,
): Promise<Socket> {
  const addresses = await checkedAddresses(target.hostname, options);
  if (target.protocol !== "https:")
    return await whenOpen(connectTcp(pinned(target, addresses)), "connect", options);
  const socket = startTls(target, addresses, options, sessions);
  await whenOpen(socket, "secureConnect", options);
  const endsAt = socket.getPeerX509Certificate()?.validToDate;
  if (endsAt !== undefined) options.onCertificate?.(originOfTarget(target), endsAt.getTime());
  return socket;
}

const originOfTarget = ({ protocol, hostname, port }: buildConnector.Options): Origin =>
  originOf({ url: `${protocol}//${isIP(hostname) === 6 ? `[${hostname}]` : hostname}:${port}` });

/** The addresses of a host, every one of them allowed: one bad address refuses the whole answer. */
async function checkedAddresses(
  hostname: string,
  options: ConnectorOptions,
): Promise<readonly LookupAddress[]> {
  const family = isIP(hostname);
  const addresses = family === 0 ? await resolve(hostname, options) : [{ address: hostname, family }];
  if (family === 0) options.onStage?.("resolved");
  if (!addresses.every(({ address }) => isAddressAllowed(address, options.policy))) throw blocked();
  return addresses;
}

/** A lookup cannot be cancelled, only no longer waited for. */
async function resolve(hostname: string, options: ConnectorOptions): Promise<readonly LookupAddress[]> {
  const lookup = options.lookup ?? ((name) => systemLookup(name, { all: true }));
  const { promise: timedOut, reject } = Promise.withResolvers<never>();
  const expire = (): void => reject(new Error("name resolution timed out"));
  const deadline = new Deadline(options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS, options.now, expire);
  try {
    const addresses = await Promise.race([lookup(hostname), timedOut]);
    if (addresses.length === 0) throw new Error("the name has no address");
    return addresses;
  } catch (error) {
    throw failed("dns", error);
  } finally {
    deadline.stop();
  }
}

/** Options that TCP and TLS share: the name stays the host, but looking it up yields only what was checked. */
function pinned(target: buildConnector.Options, addresses: readonly LookupAddress[]) {
  const lookup: LookupFunction = (_hostname, _options, callback) => callback(null, [...addresses]);
  return {
    host: target.hostname,
    port: Number(target.port || (target.protocol === "https:" ? 443 : 80)),
    lookup,
    noDelay: true,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS,
  };
}

function startTls(
  target: buildConnector.Options,
  addresses: readonly LookupAddress[],
  options: ConnectorOptions,
  sessions: LRUCache<string, Buffer>,
): TLSSocket {
  const sessionKey = `${target.hostname}:${target.port}`;
  const session = sessions.get(sessionKey);
  const socket = connectTls({
    ...pinned(target, addresses),
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
): Promise<Socket> {
  const { promise, resolve: open, reject } = Promise.withResolvers<Socket>();
  let stage: "connect" | "tls" = "connect";
  const giveUp = (failure: ConnectFailure) => {
    socket.destroy();
    reject(failure);
  };
  const expire = (): void => giveUp(failed(stage, new Error("timed out")));
  const deadline = new Deadline(options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS, options.now, expire);
  socket.on("error", (error) => giveUp(failed(stage, error)));
  socket.once("connect", () => {
    stage = "tls";
    options.onStage?.("connected");
    if (!isAddressAllowed(socket.remoteAddress ?? "", options.policy)) giveUp(blocked());
  });
  socket.once("secureConnect", () => options.onStage?.("secured"));
  socket.once(event, () => open(socket));
  return promise.finally(() => deadline.stop());
}
