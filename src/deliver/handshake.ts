/**
 * Opens a connection as a delivery would, with the same guard, resolver and trust, and closes it before anything is sent:
 * to see whether a receiver can be reached, and until when its certificate is good, without its noticing an event.
 */
import type { Socket } from "node:net";
import type { buildConnector } from "undici";
import type { Origin } from "../core/brand.ts";
import { summarise } from "../core/errors.ts";
import type { ClosedNetwork } from "./address-guard.ts";
import { ConnectFailure, type ConnectorOptions, createGuardedConnector } from "./guarded-connector.ts";
import { localExhaustion } from "./local-exhaustion.ts";
import type { Answer, Exchange } from "./ports.ts";

export interface Handshake {
  /** The reason for no connection; null where one came about. */
  readonly failure: Exclude<Exchange, Answer> | null;
  /** The same as a code such as ECONNREFUSED, where there is one; never an address. */
  readonly detail: string | null;
  /** Of a destination that was refused: the network that it lies in. For admins only. */
  readonly closedNetwork: ClosedNetwork | null;
  /** Epoch ms; null for plain http, and where no connection came about. */
  readonly certificateEndsAt: number | null;
}

/** Rejects with RESOURCES_EXHAUSTED or RESOLVER_UNAVAILABLE when this machine has nothing left to connect or look up with. */
export type ShakeHands = (origin: Origin) => Promise<Handshake>;

export function createShakeHands(options: Omit<ConnectorOptions, "onStage" | "onCertificate">): ShakeHands {
  return async (origin) => {
    let certificateEndsAt: number | null = null;
    const onCertificate = (_: Origin, endsAtMs: number): void => {
      certificateEndsAt = endsAtMs;
    };
    const { connect } = createGuardedConnector({ ...options, onCertificate });
    try {
      const socket = await openSocket(connect, new URL(origin));
      socket.destroy();
      return { failure: null, detail: null, closedNetwork: null, certificateEndsAt };
    } catch (error) {
      return failureOf(error);
    }
  };
}

function openSocket(
  connect: buildConnector.connector,
  { protocol, host, hostname, port }: URL,
): Promise<Socket> {
  // Brackets are how URLs write IPv6.
  const target = { protocol, host, hostname: hostname.replace(/^\[|\]$/g, ""), port };
  return new Promise((resolve, reject) =>
    connect(target, (error, socket) => {
      if (error === null) resolve(socket);
      else reject(error);
    }),
  );
}

function failureOf(error: unknown): Handshake {
  if (!(error instanceof ConnectFailure)) throw error;
  const own = localExhaustion(error.cause);
  if (own !== null) throw own;
  const { exchange, cause, closedNetwork } = error;
  if (exchange.kind === "answered") throw error;
  return { failure: exchange, detail: summarise(cause).code, closedNetwork, certificateEndsAt: null };
}
