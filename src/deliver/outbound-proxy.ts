/**
 * The way out through a proxy (OUTBOUND_PROXY): asks it by CONNECT for an address that the guard has let pass, and never for
 * a name, which it would look up for itself (decision 30). It tells the proxy's trouble, which is our own and charged to
 * nobody, from a receiver that the proxy cannot, or may not, connect to. It never names the proxy, nor who we are to it.
 */
import type { LookupAddress } from "node:dns";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { codeOf, HookwaveError } from "../core/errors.ts";
import { PROXY_URL_IN_WORDS, PROXY_URL_REMEDY, type ProxyAddress, readProxyUrl } from "../core/proxy-url.ts";
import { isWithin, type NetworkSet, networksOf } from "./address-guard.ts";
import { asLookupAddress } from "./address-order.ts";
import { askProxy } from "./ask-proxy.ts";
import { Deadline } from "./deadline.ts";
import { firstThrough } from "./first-through.ts";
import { localExhaustion, proxyUnavailable } from "./local-exhaustion.ts";
import { pinned } from "./pinned.ts";
import type { Lookup } from "./resolver.ts";

/** Named as in the configuration. */
interface ProxySettings {
  readonly outboundProxy: string | null;
  /** CIDRs of networks that are called directly. */
  readonly outboundProxyExcept: readonly string[];
}

/** The connection that is wanted. */
interface TunnelTo {
  /** The receiver's, by which `troubleOf` finds it while it is being opened. */
  readonly origin: string;
  /** In the order in which they are to be tried. */
  readonly addresses: readonly LookupAddress[];
  readonly port: number;
  readonly withinMs: number;
}

export interface OutboundProxy {
  /** False for a receiver that is called directly: all its addresses lie in networks that are excepted. */
  readonly leadsTo: (addresses: readonly LookupAddress[]) => boolean;
  /**
   * Opens a connection to the receiver through the proxy. Rejects with PROXY_UNAVAILABLE where that is the proxy's trouble,
   * else with a code: PROXY_403 and the like for its answer, PROXY_SILENT for none.
   */
  readonly open: (wanted: TunnelTo) => Promise<Socket>;
  /** PROXY_UNAVAILABLE while a tunnel to this origin waits for a proxy that answers nobody; else null. */
  readonly troubleOf: (origin: string) => HookwaveError | null;
  /** Asks it whatever there is to ask. PROXY_UNAVAILABLE where it does not answer; null where it does. */
  readonly look: () => Promise<HookwaveError | null>;
}

/** A receiver to which the proxy opens no way. */
class NoTunnel extends Error {
  readonly code: string;

  constructor(why: number | "SILENT") {
    super("the proxy opened no way to the receiver");
    this.code = `PROXY_${why}`;
  }
}

/** So long a tunnel may take before the proxy is asked for anything at all; far below any endpoint's deadline. */
const ASK_AFTER_MS = 300;
/** A proxy stands nearby, or is of little use. */
const LOOK_WITHIN_MS = 900;
/** Of a receiver's addresses, those that are tried at the most. */
const ADDRESSES_MAX = 3;

const unanswered = (): HookwaveError => proxyUnavailable("no answer from it");

/** Null without a proxy. `now` is a monotonic clock in ms. Throws CONFIG_INVALID. */
export function openOutboundProxy(
  { outboundProxy, outboundProxyExcept }: ProxySettings,
  lookup: Lookup,
  now: () => number,
): OutboundProxy | null {
  if (outboundProxy === null) return null;
  const proxy = readProxyUrl(outboundProxy);
  if (proxy === null) throw notAProxy(outboundProxy);
  return createOutboundProxy(createAsk(proxy, lookup), networksOf(outboundProxyExcept), now);
}

function createOutboundProxy(ask: Ask, except: NetworkSet, now: () => number): OutboundProxy {
  const opening = new Set<{ readonly origin: string; readonly since: number }>();
  let heardAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<HookwaveError | null> | null = null;

  const isSilentSince = (since: number): boolean => heardAt < since;
  const hear = async (asked: Promise<Answer>): Promise<Answer> => {
    const answer = await asked;
    heardAt = now();
    return answer;
  };
  const look = (): Promise<HookwaveError | null> => {
    looking ??= lookOnce(hear, ask, now).finally(() => {
      looking = null;
    });
    return looking;
  };

  return {
    leadsTo: (addresses) => !addresses.every(({ address }) => isWithin(address, except)),
    open: async ({ origin, addresses, port, withinMs }) => {
      const waiting = { origin, since: now() };
      const over = new AbortController();
      const { promise: expired, reject } = Promise.withResolvers<never>();
      const expire = (): void => reject(isSilentSince(waiting.since) ? unanswered() : new NoTunnel("SILENT"));
      const deadline = new Deadline(withinMs, now, expire);
      const asking = setTimeout(() => isSilentSince(waiting.since) && void look(), ASK_AFTER_MS);
      opening.add(waiting);
      const dial = async ({ address }: LookupAddress, signal: AbortSignal): Promise<Socket> => {
        const { socket, status } = await hear(ask(connectTo(address, port), signal));
        if (status >= 200 && status < 300) return socket;
        socket.destroy();
        throw new NoTunnel(status);
      };
      try {
        return await Promise.race([firstThrough(addresses, ADDRESSES_MAX, dial, over.signal), expired]);
      } finally {
        deadline.stop();
        clearTimeout(asking);
        opening.delete(waiting);
        over.abort();
      }
    },
    troubleOf: (origin) =>
      [...opening].some((one) => one.origin === origin && isSilentSince(one.since)) ? unanswered() : null,
    look,
  };
}

async function lookOnce(
  hear: (asked: Promise<Answer>) => Promise<Answer>,
  ask: Ask,
  now: () => number,
): Promise<HookwaveError | null> {
  const tooLate = new AbortController();
  const deadline = new Deadline(LOOK_WITHIN_MS, now, () => tooLate.abort());
  try {
    const { socket } = await hear(
      ask(["OPTIONS * HTTP/1.1", "host: proxy", "max-forwards: 0"], tooLate.signal),
    );
    socket.destroy();
    return null;
  } catch (error) {
    return error instanceof HookwaveError && !tooLate.signal.aborted ? error : unanswered();
  } finally {
    deadline.stop();
  }
}

/** RFC 9110 §7.2: the host of a CONNECT is what it asks for. */
function connectTo(address: string, port: number): readonly string[] {
  const authority = `${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
  return [`CONNECT ${authority} HTTP/1.1`, `host: ${authority}`];
}

interface Answer {
  readonly socket: Socket;
  readonly status: number;
}

/** Over a new connection, which ends when the signal does. Rejects with PROXY_UNAVAILABLE, or what this machine lacks. */
type Ask = (head: readonly string[], signal: AbortSignal) => Promise<Answer>;

function createAsk({ host, port, credentials }: ProxyAddress, lookup: Lookup): Ask {
  const authorization = credentials === null ? [] : [`proxy-authorization: ${basic(credentials)}`];
  return async (head, signal) => {
    const addresses = await addressesOf(host, lookup, signal);
    const socket = connectTcp(pinned(host, port, addresses));
    const end = (): void => void socket.destroy();
    signal.addEventListener("abort", end, { once: true });
    // It is heard of by who waits; without a listener it would be the end of this process.
    socket.on("error", () => undefined);
    try {
      signal.throwIfAborted();
      const status = await askProxy(socket, [...head, ...authorization]);
      if (status === 407) throw proxyUnavailable(REFUSED);
      return { socket, status };
    } catch (error) {
      socket.destroy();
      throw ownTrouble(error);
    } finally {
      signal.removeEventListener("abort", end);
    }
  };
}

const REFUSED = "its answer 407: it does not know us";

const basic = ({ user, password }: { readonly user: string; readonly password: string }): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

async function addressesOf(
  host: string,
  lookup: Lookup,
  signal: AbortSignal,
): Promise<readonly LookupAddress[]> {
  if (isIP(host) !== 0) return [asLookupAddress(host)];
  try {
    return await lookup(host, signal);
  } catch (error) {
    throw localExhaustion(error) ?? proxyUnavailable("no address for its name", error);
  }
}

function ownTrouble(error: unknown): HookwaveError {
  return localExhaustion(error) ?? proxyUnavailable(codeOf(error) ?? saidBy(error), error);
}

const saidBy = (error: unknown): string => (error instanceof Error ? error.message : "no connection");

function notAProxy(url: string): HookwaveError {
  return new HookwaveError("CONFIG_INVALID", {
    expected: `outboundProxy: ${PROXY_URL_IN_WORDS}`,
    got: `a text of ${url.length} characters`,
    remedy: PROXY_URL_REMEDY,
  });
}
