/** Names of this very machine, as URLs write them: what is sent there, nobody else can read. */

const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** `hostname` as `URL` has it: lower case, IPv6 in brackets. */
export const isLoopbackName = (hostname: string): boolean => LOOPBACK_HOST.test(hostname);

/** The same of an address to listen on, where IPv6 has no brackets. */
export const isLoopbackHost = (host: string): boolean =>
  isLoopbackName(host.includes(":") ? `[${host}]` : host.toLowerCase());
