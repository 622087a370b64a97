/**
 * `hookwave migration watch`: the witness as a command. It says each difference as soon as it is one, how it stands every
 * ten seconds, and at the end what came in all. The bookkeeping of the migration is asked for nothing but the share.
 */
import { setTimeout as pause } from "node:timers/promises";
import { type Config, readEnvironment } from "../../config/environment.ts";
import { duration, text } from "../../config/forms.ts";
import { redisUrl } from "../../config/redis-url.ts";
import { system } from "../../config/system.ts";
import { ENDPOINT_ID_PATTERN } from "../../core/endpoint.ts";
import type { BusEar } from "../../manage/bus-ear.ts";
import type { ApiClient } from "../api-client.ts";
import { type Invocation, usage } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import type { Report } from "../report.ts";
import { withApi } from "../service-access.ts";
import type { Terminal } from "../terminal.ts";
import { listenForStop } from "../told-to-stop.ts";
import { readOption } from "../values.ts";
import { type Comparison, createComparison } from "./comparison.ts";
import { countsText, mismatchText, openingText, summaryText } from "./lines.ts";
import { digestOf, readRecords } from "./records.ts";
import { createWitness } from "./witness.ts";

const ROUND_MS = 1_000;
const COUNT_MS = 10_000;
const GRACE_MS = 60_000;
const TOLD_EVERY_MS = 60_000;
const HOUR_MS = 60 * 60 * 1_000;

interface Options {
  readonly busUrl: string;
  readonly settings: Config;
  readonly endpointId: string;
  readonly graceMs: number;
  /** Null: until it is told to stop. */
  readonly forMs: number | null;
}

export async function watchMigration(asked: Invocation, terminal: Terminal): Promise<Report> {
  const options = optionsOf(asked);
  const { channelsOf } = await import("../../manage/bus-ear.ts");
  if (channelsOf(options.settings).length === 0)
    throw usage("a channel to listen to, in LEGACY_REDIS_CHANNEL or --channel", "a list only");
  return await withApi(asked, (api) => watch(api, options, asked.has("json"), terminal));
}

function optionsOf(asked: Invocation): Options {
  const config = readEnvironment();
  const busUrl =
    readOption(asked, "from", redisUrl()) ?? config.legacyRedisUrl ?? asked.one("redis") ?? config.redisUrl;
  if (busUrl === null)
    throw usage("the Redis of the bus in --from, LEGACY_REDIS_URL or REDIS_URL", "none of them");
  const channel = readOption(asked, "channel", text("a name without spaces", /^\S{1,200}$/));
  return {
    busUrl,
    settings: channel === undefined ? config : { ...config, legacyRedisChannel: channel },
    endpointId:
      readOption(asked, "endpoint", text("an endpoint's id", ENDPOINT_ID_PATTERN)) ??
      config.legacyRedisEndpoint,
    graceMs: readOption(asked, "grace", duration(1_000, HOUR_MS)) ?? GRACE_MS,
    forMs: readOption(asked, "for", duration(1_000, 7 * 24 * HOUR_MS)) ?? null,
  };
}

/** Opens what it needs, and lets go of it. */
async function watch(api: ApiClient, options: Options, asJson: boolean, terminal: Terminal): Promise<Report> {
  const { busUrl, settings, graceMs, forMs } = options;
  const comparison = createComparison(graceMs);
  const hear = (heard: string): void => comparison.hear(digestOf(heard), system.monotonicMs());
  const { openBusEar } = await import("../../manage/bus-ear.ts");
  const going = untilStopped(forMs);
  const startedAt = system.monotonicMs();
  let ear: BusEar | null = null;
  try {
    ear = await openBusEar({ url: busUrl, settings, hear });
    await compare({ api, options, ear, comparison, asJson, terminal }, going.signal);
    const [counts, losses] = [comparison.counts(), ear.losses()];
    return {
      text: summaryText(counts, system.monotonicMs() - startedAt, losses),
      json: { kind: "summary", ...counts, losses },
      exitCode: counts.mismatches === 0 ? EXIT.ok : EXIT.unsafe,
    };
  } finally {
    going.end();
    ear?.close();
  }
}

interface Scene {
  readonly api: ApiClient;
  readonly options: Options;
  readonly ear: BusEar;
  readonly comparison: Comparison;
  readonly asJson: boolean;
  readonly terminal: Terminal;
}

async function compare({ api, options, ear, comparison, asJson, terminal }: Scene, stopping: AbortSignal) {
  const { settings, endpointId, graceMs } = options;
  const say = (json: object, line: string): void =>
    terminal.write(`${asJson ? JSON.stringify(json) : line}\n`);
  const since = new Date(system.now() - graceMs).toISOString();
  const records = readRecords(api, settings.legacyRedisEvents, endpointId, since);
  const { phase } = await records.standing();
  const opening = { channels: ear.channels, endpointId, phase, graceMs };
  const { round } = createWitness({
    ear,
    records,
    comparison,
    tellMismatch: (one) =>
      say({ ...one, kind: "mismatch", difference: one.kind }, mismatchText(one, system.now())),
    tellTrouble: seldom((what) => say({ kind: "trouble", what }, what)),
    monotonicMs: system.monotonicMs,
  });
  // Events in the feed by now are from before; from the first line on, everything has to be heard.
  await round();
  say({ kind: "watching", ...opening }, openingText(opening));
  let countedAt = system.monotonicMs();
  for (let isLast = false; !isLast; ) {
    // Told to end, it looks once more.
    isLast = stopping.aborted;
    await round();
    if (system.monotonicMs() - countedAt >= COUNT_MS) {
      countedAt = system.monotonicMs();
      const counts = comparison.counts();
      say({ kind: "count", ...counts }, countsText(counts));
    }
    if (!isLast) await pause(ROUND_MS, undefined, { signal: stopping }).catch(() => undefined);
  }
}

/** Until a signal comes, or the time is over. */
function untilStopped(forMs: number | null): { readonly signal: AbortSignal; readonly end: () => void } {
  const over = new AbortController();
  const stop = listenForStop(() => undefined);
  void stop.asked.then(() => over.abort());
  const timer = forMs === null ? null : setTimeout(() => over.abort(), forMs);
  return {
    signal: over.signal,
    end: () => {
      stop.ignore();
      if (timer !== null) clearTimeout(timer);
    },
  };
}

/** The same words once a minute. */
function seldom(tell: (what: string) => void): (what: string) => void {
  const toldAt = new Map<string, number>();
  return (what) => {
    const now = system.monotonicMs();
    if (now - (toldAt.get(what) ?? Number.NEGATIVE_INFINITY) < TOLD_EVERY_MS) return;
    toldAt.set(what, now);
    tell(what);
  };
}
