/**
 * Asks name servers for the addresses of a name, by c-ares, which waits for their answers without a thread (trap 36): those
 * of resolv.conf, or others. IPv4 and IPv6 are asked for at once, a short name is completed as resolv.conf has it, and a
 * question can be cancelled. It keeps no answer and bounds nothing: that is resolver.ts.
 */
import type { LookupAddress } from "node:dns";
import { Resolver } from "node:dns/promises";
import { codeOf, HookwaveError } from "../core/errors.ts";
import { asLookupAddress, inOrder } from "./address-order.ts";
import { candidates, type Search } from "./name-files.ts";
import { waitAtMost } from "./wait-at-most.ts";

export interface NameAnswer {
  readonly addresses: readonly LookupAddress[];
  readonly ttlMs: number;
}

export interface Question {
  /** Rejects where there is no address, with a code of c-ares: ENOTFOUND, ENODATA, ESERVFAIL, ETIMEOUT, … */
  readonly answer: Promise<NameAnswer>;
  /** Then it rejects with ECANCELLED, and nothing goes on behind. */
  readonly cancel: () => void;
}

/** Asks the servers for a name, completed by the search list. */
type AskServers = (name: string, search: Search) => Question;

/** A server is asked again after 1, 2 and 4 s; or the next one, where there are several. */
const RESOLVER_OPTIONS = { timeout: 1_000, tries: 3 };
/** Resolvers kept to be used again: each remembers which server does not answer, and asks it last. */
const RESOLVERS_KEPT = 16;
/** RFC 8305 §3 has 50 ms: so long the other family may come later, where one has addresses. */
const OTHER_FAMILY_MS = 500;
/** Of an answer that has more, as many are tried. */
const ADDRESSES_MAX = 32;
/** No name completed otherwise would fare better. */
const FINAL = new Set(["ETIMEOUT", "ECONNREFUSED", "ECANCELLED"]);
/** By these a server says that it cannot tell. c-ares, as Node sets it up, does not ask the next one then. */
const SHIRKED = new Set(["ESERVFAIL", "EREFUSED", "ENOTIMP"]);
/** The name is known, or known not to be: servers that say so have done their work. */
const SETTLED = new Set(["ENOTFOUND", "ENODATA"]);

/** Did the servers say that there is no address, rather than nothing? */
export const isNegative = (error: unknown): boolean => SETTLED.has(codeOf(error) ?? "");

/** `servers` are addresses with or without a port; none for those of resolv.conf. */
export function createNameServers(servers: readonly string[]): AskServers {
  // Opened at once, so that a server that is no address is refused at the start.
  const kept = [openResolver(servers)];
  let keptFor: Search | null = null;
  return (name, search) => {
    // A search list read anew is a resolv.conf that has changed, and its servers with it.
    if (search !== keptFor) kept.length = 0;
    keptFor = search;
    const inquiry = new Inquiry(kept.pop() ?? openResolver(servers));
    const answer = inquiry.ask(candidates(name, search)).finally(() => {
      if (search === keptFor && kept.length < RESOLVERS_KEPT) kept.push(inquiry.resolver);
    });
    return { answer, cancel: () => inquiry.cancel() };
  };
}

function openResolver(servers: readonly string[]): Resolver {
  const resolver = new Resolver(RESOLVER_OPTIONS);
  if (servers.length === 0) return resolver;
  try {
    resolver.setServers(servers);
  } catch (cause) {
    throw new HookwaveError(
      "CONFIG_INVALID",
      {
        expected: "addresses of name servers such as 10.0.0.2 or [fd00::2]:5353",
        got: servers.join(", "),
        remedy: "correct the list of name servers",
      },
      { cause },
    );
  }
  return resolver;
}

/** One question under way. A resolver can cancel only all that it has asked, so each has one of its own. */
class Inquiry {
  readonly resolver: Resolver;
  #asking: Resolver;
  #isCancelled = false;

  constructor(resolver: Resolver) {
    this.resolver = resolver;
    this.#asking = resolver;
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#asking.cancel();
  }

  /** The addresses of the first of these names that has any. */
  async ask(names: readonly string[]): Promise<NameAnswer> {
    let failure: unknown;
    for (const name of names) {
      try {
        return await this.#askServers(name);
      } catch (error) {
        if (this.#isCancelled || FINAL.has(codeOf(error) ?? "")) throw error;
        // A server that could not tell leaves it open, whatever the other names came to.
        if (failure === undefined || isNegative(failure)) failure = error;
      }
    }
    throw failure;
  }

  async #askServers(name: string): Promise<NameAnswer> {
    const [, ...others] = this.resolver.getServers();
    const turns = [this.resolver, ...others.map((server) => () => openResolver([server]))];
    let failure: unknown;
    for (const turn of turns) {
      this.#asking = typeof turn === "function" ? turn() : turn;
      try {
        return await this.#askBoth(name);
      } catch (error) {
        failure = error;
        if (this.#isCancelled || !SHIRKED.has(codeOf(error) ?? "")) break;
      }
    }
    throw failure;
  }

  async #askBoth(name: string): Promise<NameAnswer> {
    const found: NameAnswer[] = [];
    const ask = async (answer: Promise<readonly AddressRecord[]>): Promise<void> => {
      found.push(answerOf(await answer));
    };
    const resolver = this.#asking;
    const asked = [ask(resolver.resolve4(name, { ttl: true })), ask(resolver.resolve6(name, { ttl: true }))];
    const both = Promise.allSettled(asked);
    await Promise.any(asked).catch((error: unknown) => {
      throw error instanceof AggregateError ? failureOf(error.errors) : error;
    });
    await waitAtMost(OTHER_FAMILY_MS, both);
    resolver.cancel();
    await both;
    return merged(found);
  }
}

interface AddressRecord {
  readonly address: string;
  readonly ttl: number;
}

function answerOf(records: readonly AddressRecord[]): NameAnswer {
  const addresses = records.slice(0, ADDRESSES_MAX).map(({ address }) => asLookupAddress(address));
  return { addresses, ttlMs: Math.min(...records.map(({ ttl }) => ttl)) * 1_000 };
}

const merged = (answers: readonly NameAnswer[]): NameAnswer => ({
  addresses: inOrder(answers.flatMap(({ addresses }) => addresses)),
  ttlMs: Math.min(...answers.map(({ ttlMs }) => ttlMs)),
});

/** Of the two families' failures: one of them having no address says nothing about the other. */
const failureOf = (failures: readonly unknown[]): unknown =>
  failures.find((failure) => codeOf(failure) !== "ENODATA") ?? failures[0];
