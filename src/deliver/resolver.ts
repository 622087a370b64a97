/**
 * Finds the addresses of receivers' names, for everybody who connects to one (decision 28). What servers say is kept for as
 * long as they say, and a while longer where they say nothing more; names that get no answer are remembered for a moment
 * and leave room for the others; whoever asks for a name that is being looked up joins in. It judges no address: those it
 * hands out, kept ones too, are checked at each connection (guarded-connector.ts), so that a name which is bound
 * to another address later gains nothing.
 */
import type { LookupAddress } from "node:dns";
import { LRUCache } from "lru-cache";
import { codeOf } from "../core/errors.ts";
import { Deadline } from "./deadline.ts";
import { resolverUnavailable } from "./local-exhaustion.ts";
import { type LookupBounds, LookupSlots } from "./lookup-slots.ts";
import { type NameFilePaths, openNameFiles, type Search, SYSTEM_FILES } from "./name-files.ts";
import { createNameServers, isNegative, type NameAnswer, type Question } from "./name-servers.ts";

/**
 * All addresses of a host name. Rejects with the reason where there are none, and with RESOLVER_UNAVAILABLE where that is our
 * own doing. Who has aborted waits no more.
 */
export type Lookup = (hostname: string, signal: AbortSignal) => Promise<readonly LookupAddress[]>;

interface NameResolver {
  /** A look-up ends when all who wait for it have aborted. */
  readonly lookup: Lookup;
  /** Ends the look-ups that are under way. */
  readonly close: () => void;
}

export interface NameResolverOptions {
  /** Addresses of name servers, with or without a port; none for those of resolv.conf. */
  readonly servers: readonly string[];
  /** A monotonic clock in ms. */
  readonly now: () => number;
  readonly files?: NameFilePaths;
  readonly bounds?: Partial<LookupBounds>;
  /** For so long a look-up may take, from its start. */
  readonly lookupMs?: number;
}

const BOUNDS: LookupBounds = { quick: 64, slow: 256, slowAfterMs: 250, startWithinMs: 900 };
/** From its start. With the wait for a slot it is less than a connection's time for resolving. */
const LOOKUP_MS = 4_000;
const NAMES_KEPT = 10_000;
const TTL_MAX_MS = 5 * 60 * 1_000;
/** For so long an answer serves on while servers say nothing: long enough to mend one, short enough to move a receiver. */
const STALE_MS = 10 * 60 * 1_000;
/** For so long who could be served with such an answer waits for a better one. */
const STALE_PATIENCE_MS = 500;
/** A failure is remembered for so long, and twice as long each time again: the first retry, 2 s later, asks anew. */
const FAILURE_MIN_MS = 1_000;
const FAILURE_MAX_MS = 30_000;
/** Names that are to have no address, so that nobody is asked: RFC 6761 §6.4. */
const NOWHERE = /(?:^|\.)invalid\.?$/;

interface Known {
  /** Empty where it has none that could be used. */
  readonly addresses: readonly LookupAddress[];
  readonly freshUntil: number;
  readonly staleUntil: number;
  readonly failure: { readonly error: unknown; readonly until: number; readonly times: number } | null;
}

const UNKNOWN: Known = { addresses: [], freshUntil: 0, staleUntil: 0, failure: null };

/** A look-up under way, and who waits for it. */
interface UnderWay {
  readonly answer: Promise<readonly LookupAddress[]>;
  readonly waiting: Set<AbortSignal>;
  readonly cancel: () => void;
}

export function createNameResolver(options: NameResolverOptions): NameResolver {
  const names = new Names(options);
  return {
    lookup: (hostname, signal) => names.lookup(hostname.toLowerCase(), signal),
    close: () => names.close(),
  };
}

class Names {
  readonly #now: () => number;
  readonly #files: ReturnType<typeof openNameFiles>;
  readonly #ask: (name: string, search: Search) => Question;
  readonly #slots: LookupSlots;
  readonly #lookupMs: number;
  readonly #known = new LRUCache<string, Known>({ max: NAMES_KEPT });
  readonly #underWay = new Map<string, UnderWay>();

  constructor({
    servers,
    now,
    files = SYSTEM_FILES,
    bounds = {},
    lookupMs = LOOKUP_MS,
  }: NameResolverOptions) {
    this.#now = now;
    this.#files = openNameFiles(files, now);
    this.#ask = createNameServers(servers);
    this.#lookupMs = lookupMs;
    this.#slots = new LookupSlots({ ...BOUNDS, ...bounds });
  }

  async lookup(name: string, signal: AbortSignal): Promise<readonly LookupAddress[]> {
    if (NOWHERE.test(name)) throw lookupFailure("ENOTFOUND");
    const listed = await this.#files.addressesOf(name);
    if (listed.length > 0) return listed;
    const known = this.#known.get(name) ?? UNKNOWN;
    const now = this.#now();
    if (now < known.freshUntil) return known.addresses;
    const isStale = now < known.staleUntil;
    if (known.failure !== null && now < known.failure.until) {
      if (isStale) return known.addresses;
      throw known.failure.error;
    }
    const answer = this.#join(name, signal);
    return isStale ? await soon(answer, known.addresses) : await answer;
  }

  close(): void {
    for (const { cancel } of this.#underWay.values()) cancel();
  }

  #join(name: string, signal: AbortSignal): Promise<readonly LookupAddress[]> {
    signal.throwIfAborted();
    const { answer, waiting, cancel } = this.#underWay.get(name) ?? this.#begin(name);
    waiting.add(signal);
    const leave = (): void => {
      waiting.delete(signal);
      if (waiting.size === 0) cancel();
    };
    signal.addEventListener("abort", leave, { once: true });
    return answer.finally(() => signal.removeEventListener("abort", leave));
  }

  #begin(name: string): UnderWay {
    const cancelled = new AbortController();
    const answer = this.#lookUp(name, cancelled.signal).finally(() => this.#underWay.delete(name));
    const begun = { answer, waiting: new Set<AbortSignal>(), cancel: () => cancelled.abort() };
    this.#underWay.set(name, begun);
    return begun;
  }

  async #lookUp(name: string, cancelled: AbortSignal): Promise<readonly LookupAddress[]> {
    const known = this.#known.get(name) ?? UNKNOWN;
    const giveBack = await this.#slots.enter(known.failure === null ? "quick" : "slow");
    try {
      const search = await this.#files.search();
      const answer = await this.#inTime(this.#ask(name, search), cancelled);
      this.#known.set(name, this.#keep(answer));
      return answer.addresses;
    } catch (error) {
      if (codeOf(error) === "ECONNREFUSED") throw resolverUnavailable("name servers that refuse", error);
      if (!cancelled.aborted) this.#known.set(name, this.#remember(known, error));
      throw error;
    } finally {
      giveBack();
    }
  }

  async #inTime(question: Question, cancelled: AbortSignal): Promise<NameAnswer> {
    let isLate = false;
    const deadline = new Deadline(this.#lookupMs, this.#now, () => {
      isLate = true;
      question.cancel();
    });
    cancelled.addEventListener("abort", question.cancel, { once: true });
    if (cancelled.aborted) question.cancel();
    try {
      return await question.answer;
    } catch (error) {
      throw isLate ? lookupFailure("ETIMEOUT", error) : error;
    } finally {
      deadline.stop();
    }
  }

  #keep({ addresses, ttlMs }: NameAnswer): Known {
    const freshUntil = this.#now() + Math.min(ttlMs, TTL_MAX_MS);
    return { addresses, freshUntil, staleUntil: freshUntil + STALE_MS, failure: null };
  }

  /** Addresses that were known before stay of use, unless the servers say that there is no such name. */
  #remember(known: Known, error: unknown): Known {
    const times = (known.failure?.times ?? 0) + 1;
    const failureMs = Math.min(FAILURE_MIN_MS * 2 ** (times - 1), FAILURE_MAX_MS);
    const failure = { error, until: this.#now() + failureMs, times };
    return { ...(isNegative(error) ? UNKNOWN : known), failure };
  }
}

/** The better answer, if it comes soon; it goes on being looked for. */
async function soon(
  answer: Promise<readonly LookupAddress[]>,
  stale: readonly LookupAddress[],
): Promise<readonly LookupAddress[]> {
  const { promise: patience, resolve } = Promise.withResolvers<readonly LookupAddress[]>();
  const timer = setTimeout(resolve, STALE_PATIENCE_MS, stale);
  const better = answer.catch((error: unknown) => {
    if (isNegative(error)) throw error;
    return stale;
  });
  return await Promise.race([better, patience]).finally(() => clearTimeout(timer));
}

const lookupFailure = (code: "ETIMEOUT" | "ENOTFOUND", cause?: unknown): Error =>
  Object.assign(new Error("the name has no address", { cause }), { code });
