/**
 * Several addresses of one receiver, tried as RFC 8305 (happy eyeballs) has it: the families by turns, the next one as soon
 * as one has failed or has kept it waiting, and the first that comes through is taken. For connections that are made
 * elsewhere, as those of a proxy are: Node does the same for its own.
 */
import type { LookupAddress } from "node:dns";
import { HookwaveError } from "../core/errors.ts";
import { ADDRESS_ATTEMPT_MS } from "./pinned.ts";

/** Rejects as the last one has, or at once with a failure of our own. What it has begun ends with the signal. */
export function firstThrough<Connection>(
  addresses: readonly LookupAddress[],
  most: number,
  dial: (address: LookupAddress, signal: AbortSignal) => Promise<Connection>,
  signal: AbortSignal,
): Promise<Connection> {
  const { promise, resolve, reject } = Promise.withResolvers<Connection>();
  const chosen = byTurns(addresses).slice(0, most);
  const left = chosen.values();
  let failed = 0;
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    clearTimeout(timer);
    const { value: address } = left.next();
    if (address === undefined || signal.aborted) return;
    timer = setTimeout(begin, ADDRESS_ATTEMPT_MS);
    dial(address, signal).then(resolve, (error: unknown) => {
      failed += 1;
      if (failed === chosen.length || error instanceof HookwaveError) reject(error);
      else begin();
    });
  };
  begin();
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  return promise.finally(() => clearTimeout(timer));
}

/** One of each family after the other, beginning with that of the first. */
function byTurns(addresses: readonly LookupAddress[]): readonly LookupAddress[] {
  const [first] = addresses;
  const same = addresses.filter(({ family }) => family === first?.family);
  const other = addresses.filter(({ family }) => family !== first?.family);
  return addresses.flatMap((_, at) => [same[at], other[at]]).filter((address) => address !== undefined);
}
