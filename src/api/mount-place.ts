/** A place inside another program's server, under which path the API lies there; and from where a request may come. */
import type { IncomingMessage } from "node:http";
import type { FastifyRequest } from "fastify";
import { isLoopbackHost } from "../core/loopback.ts";

const basePaths = new WeakMap<IncomingMessage, string>();

/** "" at the root, else a path without a slash at its end. */
export const basePathOf = (raw: IncomingMessage): string => basePaths.get(raw) ?? "";

/** The `Location` of what an order has made below a path of the API. */
export const locationOf = (raw: IncomingMessage, path: string, id: string): string =>
  `${basePathOf(raw)}${path}/${id}`;

export function setBasePath(raw: IncomingMessage, path: string): void {
  basePaths.set(raw, path.replace(/\/+$/, ""));
}

/** Proxies on this very machine pass on what others ask. Most say so by one of these; of one that does not, nobody can tell. */
const PASSED_ON = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"] as const;

/** A server that takes connections at all addresses has them from anywhere: only the peer's own says from where. */
export function isFromElsewhere({ socket, headers }: Pick<FastifyRequest, "socket" | "headers">): boolean {
  const peer = (socket.remoteAddress ?? "").replace(/^::ffff:(?=\d)/, "");
  return !isLoopbackHost(peer) || PASSED_ON.some((name) => headers[name] !== undefined);
}
