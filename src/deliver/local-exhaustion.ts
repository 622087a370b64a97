/**
 * Tells what this machine has run out of from what a receiver does. A receiver cannot help our open files, ports and
 * memory: nothing of that may be charged to it. A network that cannot be reached may be the receiver's, and stays so.
 */
import { codeOf, HookwaveError } from "../core/errors.ts";

/** By errno(3) and getaddrinfo(3); the address that is not available is a free port of our own. */
const EXHAUSTED = new Set(["EMFILE", "ENFILE", "ENOMEM", "ENOBUFS", "EADDRNOTAVAIL", "EAI_MEMORY"]);

/** Null for anything that may be the receiver's doing. */
export function localExhaustion(error: unknown): HookwaveError | null {
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
