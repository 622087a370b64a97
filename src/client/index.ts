/**
 * The entry `hookwave/client`: publishing over HTTP, from wherever there is `fetch`: serverless, edge, Bun, Deno. The same
 * `publish` and `publishMany` as the publisher on Redis; nothing is imported but this.
 */
import { isLoopbackName } from "../core/loopback.ts";
import type { NewEvent, NewTextEvent } from "../publish/check-event.ts";
import type { PublishOptions, Receipt } from "../publish/publisher.ts";
import { ClientError } from "./client-error.ts";
import { type EventText, textOfEvent } from "./event-request.ts";
import { type Exchange, type Fetch, publishOver } from "./exchange.ts";

export type { EventData, KnownEventType, ProducedData } from "../catalogue/catalogue.ts";
export type { Durability } from "../core/durability.ts";
export type { NewEvent, NewTextEvent } from "../publish/check-event.ts";
export type { PublishOptions, Receipt } from "../publish/publisher.ts";
export { ClientError } from "./client-error.ts";

export interface ClientOptions {
  /** The address of the service's API: https, or http on loopback. Default: http://127.0.0.1:8420. */
  readonly url?: string;
  /** Of a key with the role `publish`. None is needed on the service's own machine while it has no keys. */
  readonly apiKey?: string | undefined;
  /** For one request. Default: 10 s. */
  readonly timeoutMs?: number;
  /** Requests for one publish, all under the same ids, while the service does not answer or says 429 or 5xx. Default: 4. */
  readonly tries?: number;
  /** Take http to another machine, where nobody between can read the key. */
  readonly allowHttp?: boolean;
  /** Instead of the global one. */
  readonly fetch?: Fetch;
}

export interface Client {
  /**
   * Resolves once the event is stored; rejects with a ClientError. After API_UNAVAILABLE and REDIS_UNAVAILABLE it may be
   * stored: publish again under the same id, which the error has.
   */
  readonly publish: <Type extends string>(
    event: NewEvent<Type> | NewTextEvent,
    options?: PublishOptions,
  ) => Promise<Receipt>;
  /** In requests of up to 100 events and 1 MiB, each of which is published whole or not at all. */
  readonly publishMany: <Type extends string>(
    events: readonly (NewEvent<Type> | NewTextEvent)[],
    options?: PublishOptions,
  ) => Promise<readonly Receipt[]>;
}

const URL_DEFAULT = "http://127.0.0.1:8420";
const TIMEOUT_MS = 10_000;
const TRIES = 4;
const EVENTS_MAX = 100;
/** In UTF-16 units, of which none is more than three bytes: well below the service's 1 MiB. */
const CHARACTERS_MAX = 340_000;

/** Throws a ClientError with CONFIG_INVALID. */
export function createClient(options: ClientOptions = {}): Client {
  const { url = URL_DEFAULT, apiKey, timeoutMs = TIMEOUT_MS, tries = TRIES } = options;
  const { fetch: ownFetch = (input, init) => fetch(input, init) } = options;
  const exchange: Exchange = {
    url: checkedUrl(url, options.allowHttp === true),
    apiKey,
    timeoutMs: atLeastOne("timeoutMs", timeoutMs),
    tries: atLeastOne("tries", tries),
    fetch: ownFetch,
  };
  return {
    publish: async (event, { durability } = {}) => {
      const prepared = textOfEvent(event);
      const [receipt = { id: prepared.id }] = await publishOver(exchange, [prepared], durability);
      return receipt;
    },
    publishMany: async (events, { durability } = {}) => {
      const receipts: Receipt[] = [];
      const prepared = events.map(textOfEvent);
      for (const some of inRequests(prepared))
        receipts.push(...(await publishOver(exchange, some, durability, prepared)));
      return receipts;
    },
  };
}

function* inRequests(events: readonly EventText[]): Generator<readonly EventText[]> {
  let [some, characters]: [EventText[], number] = [[], 0];
  for (const event of events) {
    const isFull = some.length === EVENTS_MAX || characters + event.text.length > CHARACTERS_MAX;
    if (isFull && some.length > 0) {
      yield some;
      [some, characters] = [[], 0];
    }
    some.push(event);
    characters += event.text.length;
  }
  if (some.length > 0) yield some;
}

function checkedUrl(text: string, allowsHttp: boolean): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.search !== "")
    throw misconfigured("url: an address like https://hooks.example.com", "another text");
  if (url.protocol === "http:" && !allowsHttp && !isLoopbackName(url.hostname))
    throw misconfigured(`https for ${url.hostname}, because the API key goes there`, "http");
  return url.href.replace(/\/+$/, "");
}

function atLeastOne(option: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw misconfigured(`${option}: a whole number from 1 on`, String(value));
}

function misconfigured(expected: string, got: string): ClientError {
  const remedy = "correct what createClient is given";
  return new ClientError({ code: "CONFIG_INVALID", status: null, expected, got, remedy, ids: [] });
}
