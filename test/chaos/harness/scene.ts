/**
 * The scene of a row: a Redis of its own, workers and producers in processes of their own, receivers that keep account,
 * and the dice. It notes what was in flight at each fault, and puts everything away in the end.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Hookwave, type OpenOptions, openHookwave } from "../../../src/app.ts";
import type { AttemptRecord } from "../../../src/core/attempt.ts";
import type { EndpointRequest } from "../../../src/endpoints/settings.ts";
import type { Certificate } from "../../support/raw-receiver.ts";
import { LOOPBACK } from "../../support/service.ts";
import { until } from "../../support/until.ts";
import { startWorker, type WorkerProcess } from "../../support/workers.ts";
import { plantedBy } from "./defects.ts";
import { createDice, type Dice } from "./dice.ts";
import { countInFlight, type Fault } from "./faults.ts";
import { type Fleet, keepRunning } from "./fleet.ts";
import {
  type Acknowledged,
  type Producer,
  type ProducerPlan,
  readAcknowledged,
  startProducer,
} from "./producers.ts";
import {
  type HttpReceiver,
  type Plan,
  type RawPlan,
  type RawReceiver,
  type Receiver,
  startRawReceiver,
  startReceiver,
} from "./receiver.ts";
import { type Fsync, type RedisServer, startRedisServer } from "./redis-server.ts";
import type { Check, RowReport } from "./row.ts";

export type WorkerOptions = Omit<Partial<OpenOptions>, "redisUrl" | "listeners">;

type Variables = Readonly<Record<string, string>>;

/** Settings that any endpoint may have, and a URL when it is not the receiver's own. */
export type EndpointOptions = Omit<EndpointRequest, "url" | "id"> & { readonly scheme?: "https" };

export interface ReceiverOptions extends EndpointOptions {
  readonly plan?: Plan;
}

export class Scene implements AsyncDisposable {
  /** For moments, and whom they hit. */
  readonly dice: Dice;
  /**
   * For what receivers answer: they are asked in the order in which POSTs arrive, which no seed repeats, and must
   * not change the moments.
   */
  readonly moods: Dice;
  readonly say: (line: string) => void;
  readonly checks: Check[] = [];
  /** Planted in its processes. */
  readonly defects: readonly string[];
  readonly receivers: Receiver[] = [];
  readonly ledgers: string[] = [];
  /** Events acknowledged to somebody who is no producer process. */
  readonly acknowledged: Acknowledged[] = [];
  /** Deliveries that were owed and are nowhere. */
  readonly lost: string[] = [];
  recoveryMs: number | null = null;
  /** Plays within this one, each with a scene of its own; their ledgers count here as well. */
  readonly plays: RowReport[] = [];
  readonly #faults: Fault[] = [];
  readonly #cleanup = new AsyncDisposableStack();
  #duplicatesAllowed = 0;
  #hookwave: Hookwave | null = null;
  /** The installation's Redis URL. */
  hookwaveUrl = "";
  /** Into how many shards the installation is divided. */
  shards = 1;
  #redis: RedisServer | null = null;

  constructor(seed: number, say: (line: string) => void, defects: readonly string[]) {
    this.dice = createDice(seed);
    this.moods = createDice(~seed);
    this.say = say;
    this.defects = defects;
  }

  /** Opens the installation: Redis, and the API's side of Hookwave, which registers endpoints and looks. */
  async open(fsync: Fsync = "everysec", ...serverArgs: readonly string[]): Promise<RedisServer> {
    const redis = await this.startRedis(fsync, ...serverArgs);
    await this.openOn(redis, redis.url);
    return redis;
  }

  /** The same on a Redis that is led to by another address than its own. */
  async openOn(redis: RedisServer, redisUrl: string): Promise<void> {
    this.#redis = redis;
    await this.attendTo(redisUrl);
  }

  async startRedis(fsync: Fsync, ...serverArgs: readonly string[]): Promise<RedisServer> {
    return this.keep(await startRedisServer(fsync, ...serverArgs));
  }

  /** From now on this is the Redis the installation lives on: after a failover, another one. */
  async attendTo(redisUrl: string): Promise<void> {
    const hookwave = await openHookwave({
      redisUrl,
      dataDir: this.redis.dataDir,
      role: "api",
      shards: this.shards,
      ...LOOPBACK,
    });
    this.#cleanup.defer(hookwave.close);
    this.#hookwave = hookwave;
    this.hookwaveUrl = redisUrl;
    await hookwave.start();
  }

  get redis(): RedisServer {
    return this.#redis ?? unopened();
  }

  get hookwave(): Hookwave {
    return this.#hookwave ?? unopened();
  }

  /** A receiver with its endpoint; it subscribes to everything and answers 200 unless told otherwise. */
  async receiver(id: string, { plan = () => OK, ...request }: ReceiverOptions = {}): Promise<HttpReceiver> {
    return await this.register(
      await startReceiver(id, request.events ?? ["*"], plan, request.timeoutMs),
      request,
    );
  }

  /** The same, of nothing but sockets. */
  async rawReceiver(
    id: string,
    plan: RawPlan,
    request: EndpointOptions = {},
    certificate?: Certificate,
  ): Promise<RawReceiver> {
    const options = { deadlineMs: request.timeoutMs, certificate };
    return await this.register(await startRawReceiver(id, request.events ?? ["*"], plan, options), request);
  }

  async register<One extends Receiver>(receiver: One, { scheme, ...request }: EndpointOptions): Promise<One> {
    this.keep(receiver);
    this.receivers.push(receiver);
    const { endpointId: id, url, events } = receiver;
    const shown = scheme === undefined ? url : url.replace("http:", `${scheme}:`);
    await this.hookwave.endpoints.add({ id, url: shown, events, ...request });
    return receiver;
  }

  async worker(
    options: WorkerOptions = {},
    redisUrl = this.redis.url,
    variables: Variables = {},
  ): Promise<WorkerProcess> {
    return this.keep(await this.#startWorker(options, redisUrl, variables));
  }

  /** So many workers; one that dies is replaced, as a supervisor does. */
  async fleet(count: number, options: WorkerOptions = {}, redisUrl = this.redis.url): Promise<Fleet> {
    return this.keep(await keepRunning(count, () => this.#startWorker(options, redisUrl)));
  }

  #startWorker(options: WorkerOptions, url: string, variables: Variables = {}): Promise<WorkerProcess> {
    const all = { shards: this.shards, ...options };
    return startWorker({ url, dataDir: this.redis.dataDir }, all, this.variables(variables));
  }

  /** The environment of a process of this run, with `more` for this one. */
  variables(more: Variables = {}): Variables {
    const planted = plantedBy(this.defects);
    const nodeOptions = [planted["NODE_OPTIONS"], more["NODE_OPTIONS"]].filter((one) => one !== undefined);
    return { ...planted, ...more, ...(nodeOptions.length > 0 && { NODE_OPTIONS: nodeOptions.join(" ") }) };
  }

  async producer(name: string, plan: Partial<ProducerPlan>): Promise<Producer> {
    const directory = await mkdtemp(join(tmpdir(), "hookwave-ledger-"));
    this.#cleanup.defer(() => rm(directory, { recursive: true, force: true }));
    this.ledgers.push(directory);
    const whole = { redisUrl: this.redis.url, shards: this.shards, name, ...PRODUCER, ...plan };
    return this.keep(startProducer(directory, whole, plantedBy(this.defects)));
  }

  /** All that has been acknowledged so far, to whomever. */
  async readAcknowledged(): Promise<readonly Acknowledged[]> {
    return [...this.acknowledged, ...(await Promise.all(this.ledgers.map(readAcknowledged))).flat()];
  }

  /** Does something bad, and notes which POSTs it may have hit. */
  async fault(what: string, hits: Fault["hits"], inject: () => unknown): Promise<number> {
    const from = performance.now();
    await inject();
    const to = performance.now();
    this.#faults.push({ hits, from, to });
    this.say(what);
    return to;
  }

  /** From now on the deaths of this fleet are faults as well, as those that the row itself brings about. */
  attributeDeaths(fleet: Fleet): void {
    fleet.onDeath(() => {
      const now = performance.now();
      this.#faults.push({ hits: "worker", from: now - HEARD_LATE_MS, to: now });
      this.say("a worker died");
    });
  }

  /** For what the row's promise allows beyond POSTs in flight. */
  allowDuplicates(count: number): void {
    this.#duplicatesAllowed += count;
  }

  get duplicatesAllowed(): number {
    return this.#duplicatesAllowed + countInFlight(this.#faults, this.receivers);
  }

  check(promise: string, kept: boolean, found: string | number): void {
    this.checks.push({ promise, kept, found: String(found) });
  }

  /** A random moment within these bounds. */
  async meanwhile(leastMs: number, mostMs: number): Promise<void> {
    await pause(this.dice.between(leastMs, mostMs));
  }

  /** Resolves when both queues are empty. */
  async drained(withinMs = 60_000): Promise<void> {
    const isDrained = async (): Promise<boolean> => {
      const { new: fresh, retrying } = await this.hookwave.queueCounts();
      return fresh.depth + retrying.depth === 0;
    };
    await until("the queues are drained", () => isDrained().catch(() => false), withinMs);
  }

  /** The attempts that are on record, oldest first. */
  async attempts(): Promise<readonly AttemptRecord[]> {
    const streams = await this.redis.ask("KEYS", "{hookwave}:attempts:*");
    if (!Array.isArray(streams)) throw new Error("expected the names of streams");
    const records = await Promise.all(streams.map((stream) => this.#recordsIn(String(stream))));
    return records.flat().sort((one, other) => (one.startedAt < other.startedAt ? -1 : 1));
  }

  async #recordsIn(stream: string): Promise<readonly AttemptRecord[]> {
    const entries = await this.redis.ask("XRANGE", stream, "-", "+");
    if (!Array.isArray(entries)) throw new Error("expected a stream of attempts");
    return entries.map(([, [, attempt]]) => JSON.parse(attempt));
  }

  /** Puts it away when the row has ended. */
  keep<Thing extends AsyncDisposable>(thing: Thing): Thing {
    this.#cleanup.use(thing);
    return thing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanup.disposeAsync();
  }
}

const OK = { status: 200 };

/** The sockets of a process end before its exit is heard of. */
const HEARD_LATE_MS = 250;

const PRODUCER: Omit<ProducerPlan, "redisUrl" | "shards" | "name"> = {
  events: 500,
  perSecond: 200,
  concurrency: 500,
  types: ["thing.made"],
  dataBytes: 100,
  refusals: ["REDIS_UNAVAILABLE"],
  durability: "redis",
};

function unopened(): never {
  throw new Error("expected the row to open() its scene first");
}
