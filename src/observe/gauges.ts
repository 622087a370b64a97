/**
 * Gauges of what a whole fleet shares, read anew for each scrape. What cannot be read is left out rather than shown with
 * old values, and said once a scrape; the rest is shown.
 */
import type { Gauge } from "prom-client";
import type { EndpointId } from "../core/brand.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import { HOLD_REASONS } from "../core/outcome.ts";
import { QUEUE_STATES, type QueueCounts } from "../core/queue-counts.ts";
import type { CertificateReading, EndpointReading, RedisReading, WorkersPresent } from "../core/readings.ts";
import type { Instruments } from "./instruments.ts";
import type { TroubledEndpoints } from "./troubled-endpoints.ts";

/** Each is asked once per scrape, and so must settle within its patience (a second or two), by rejecting if need be. */
export interface Readings {
  readonly queues: () => Promise<QueueCounts>;
  /** Events that one of the two ways has not had in time. */
  readonly missing: () => Promise<number>;
  readonly endpoints: (ids: readonly EndpointId[]) => Promise<readonly EndpointReading[]>;
  readonly workers: () => Promise<WorkersPresent>;
  readonly redis: () => Promise<RedisReading>;
  /** Of the receivers that this process has reached, the certificates that end first. */
  readonly certificates: (most: number) => readonly CertificateReading[];
  /** POSTs of this process. */
  readonly inFlight: () => number;
}

/** Takes the series of gauges away: prom-client's reset does that only to those with labels, others it sets to 0. */
const labelled =
  (...gauges: readonly Pick<Gauge, "reset">[]) =>
  (): void => {
    for (const gauge of gauges) gauge.reset();
  };
const single =
  (...gauges: readonly Pick<Gauge, "remove">[]) =>
  (): void => {
    for (const gauge of gauges) gauge.remove();
  };

/** `troubled` are the endpoints to ask for. Never rejects. */
export async function readGauges(
  instruments: Instruments,
  readings: Readings,
  troubled: TroubledEndpoints,
  endpointLabels: number,
  tell: Tell,
): Promise<void> {
  const { queueDepth, queueOverdue, waiting, oldestOwed, failing, disabling } = instruments;
  const { workers, parityMissing } = instruments;
  const { redisMemory, redisMemoryMax, redisAofOk, redisEvictsNothing, clockSkew } = instruments;
  const take = async (doing: string, clear: () => void, read: () => Promise<() => void>): Promise<void> => {
    const [result] = await Promise.allSettled([read()]);
    clear();
    if (result.status === "fulfilled") result.value();
    else tellFailure(tell, doing)(result.reason);
  };
  showCertificates(instruments, readings.certificates(endpointLabels));
  const ofRedis = single(redisMemory, redisMemoryMax, redisAofOk, redisEvictsNothing, clockSkew);
  instruments.inFlight.set(readings.inFlight());
  await Promise.all([
    take("read_queues", labelled(queueDepth, queueOverdue), async () => {
      const counts = await readings.queues();
      return () => showQueues(instruments, counts);
    }),
    take("read_parity", single(parityMissing), async () => {
      const missing = await readings.missing();
      return () => parityMissing.set(missing);
    }),
    take("read_endpoints", labelled(waiting, oldestOwed, failing, disabling), async () => {
      const found = await readings.endpoints(troubled.all());
      return () => showEndpoints(instruments, found, troubled);
    }),
    take("read_workers", labelled(workers), async () => {
      const present = await readings.workers();
      return () => showWorkers(instruments, present);
    }),
    take("read_redis", ofRedis, async () => {
      const reading = await readings.redis();
      return () => showRedis(instruments, reading);
    }),
  ]);
}

function showQueues({ queueDepth, queueOverdue }: Instruments, counts: QueueCounts): void {
  for (const queue of QUEUE_STATES) queueDepth.set({ queue }, counts[queue].depth);
  // A dead letter is due to nobody.
  for (const queue of ["new", "retrying"] as const)
    queueOverdue.set({ queue }, counts[queue].overdueMs / 1_000);
}

function showEndpoints(
  { waiting, oldestOwed, failing, disabling }: Instruments,
  found: readonly EndpointReading[],
  troubled: TroubledEndpoints,
): void {
  for (const one of found) {
    const {
      endpointId: endpoint,
      retrying,
      held,
      heldBecause,
      oldestOwedMs,
      failingMs,
      disablingRatio,
    } = one;
    if (retrying + held + failingMs === 0) {
      troubled.looksWell(endpoint);
      continue;
    }
    waiting.set({ endpoint, reason: "retry" }, retrying);
    for (const reason of HOLD_REASONS) waiting.set({ endpoint, reason }, reason === heldBecause ? held : 0);
    oldestOwed.set({ endpoint }, oldestOwedMs / 1_000);
    failing.set({ endpoint }, failingMs / 1_000);
    disabling.set({ endpoint }, disablingRatio);
  }
}

/** With nobody there it is 0, not absent: an alert can then tell it from a scrape that failed. */
function showWorkers({ workers }: Instruments, present: WorkersPresent): void {
  if (present.size === 0) workers.set({ version: "none" }, 0);
  for (const [version, count] of present) workers.set({ version }, count);
}

function showCertificates({ tlsExpiry }: Instruments, readings: readonly CertificateReading[]): void {
  tlsExpiry.reset();
  for (const { endpointId: endpoint, endsInMs } of readings) tlsExpiry.set({ endpoint }, endsInMs / 1_000);
}

function showRedis(instruments: Instruments, reading: RedisReading): void {
  instruments.redisMemory.set(reading.memoryBytes);
  instruments.redisMemoryMax.set(reading.memoryMaxBytes);
  instruments.redisAofOk.set(Number(reading.isAofWell));
  instruments.redisEvictsNothing.set(Number(reading.evictsNothing));
  if (reading.skewMs !== null) instruments.clockSkew.set(reading.skewMs / 1_000);
}
