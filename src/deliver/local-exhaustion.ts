/**
 * Tells what this machine has run out of from what a receiver does. A receiver cannot help our open files, ports and
 * memory: nothing of that may be charged to it. A network that cannot be reached may be the receiver's, and stays so.
 */
import { codeOf, type ErrorCode, HookwaveError } from "../core/errors.ts";

/** By errno(3) and getaddrinfo(3); the address that is not available is a free port of our own. */
const EXHAUSTED = new Set(["EMFILE", "ENFILE", "ENOMEM", "ENOBUFS", "EADDRNOTAVAIL", "EAI_MEMORY"]);

/** Failures of things that stand between this machine and all receivers. */
const OURS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["RESOLVER_UNAVAILABLE", "PROXY_UNAVAILABLE"]);

/** Null for anything that may be the receiver's doing. */
export function localExhaustion(error: unknown): HookwaveError | null {
  if (error instanceof HookwaveError && OURS.has(error.code)) return error;
  if (!isExhaustion(error)) return null;
  return new HookwaveError(
    "RESOURCES_EXHAUSTED",
    {
      expected: "files, ports and memory left for another connection",
      got: codeOf(error) ?? "",
      remedy: "raise what the machine allows this process (ulimit -n), or spread the work over more workers",
    },
    { cause: error },
  );
}

/** Of a host's several addresses, each one tried must have failed for it: else a receiver has had its say. */
function isExhaustion(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isExhaustion);
  return EXHAUSTED.has(codeOf(error) ?? "");
}

/** A name that could not be looked up for a reason that is none of the name's. */
export function resolverUnavailable(got: string, cause?: unknown): HookwaveError {
  return new HookwaveError(
    "RESOLVER_UNAVAILABLE",
    {
      expected: "room for another look-up, and a name server that takes questions",
      got,
      remedy: "look at the name servers in /etc/resolv.conf, or name others in DNS_SERVERS",
    },
    { cause },
  );
}

/** A proxy through which nobody can be reached, whichever receiver was wanted. `got` never names it, for it may be secret. */
export function proxyUnavailable(got: string, cause?: unknown): HookwaveError {
  return new HookwaveError(
    "PROXY_UNAVAILABLE",
    {
      expected: "the proxy that OUTBOUND_PROXY names to answer, and to let this service in",
      got,
      remedy:
        "see that it runs and can be reached from here, and that OUTBOUND_PROXY has its port, user and password",
    },
    { cause },
  );
}
