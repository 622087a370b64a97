/**
 * The doctor: looks at an installation from where this process stands and says what is wrong with it. It changes nothing,
 * sends nothing to any receiver, and takes half a minute at the most, whatever does not answer. Each reading is taken by
 * itself: one that fails is a finding, and hides no other.
 */
import type { Config } from "../../config/environment.ts";
import { asEndpointId } from "../../core/brand.ts";
import { type ErrorCode, type ErrorSummary, HookwaveError, summarise } from "../../core/errors.ts";
import type { BreakerId } from "../../core/origin.ts";
import type { QueueCounts } from "../../core/queue-counts.ts";
import type { EndpointOutlines, JobsReading, RedisVitals, WorkersPresent } from "../../core/readings.ts";
import type { ParkedCount } from "../../queue/ports.ts";
import { endpointUnknown } from "../../store/endpoints.ts";
import type { KeyFile } from "../../store/key-file.ts";
import { exposureFindings, keyFileFinding } from "./exposure-findings.ts";
import { broken, type Check, type Finding, inOrder, type Level, ok, unread, worstOf } from "./finding.ts";
import { proxyFinding } from "./proxy-finding.ts";
import { lookAtReceivers, type ReceiversDeps } from "./receivers.ts";
import { redisFindings } from "./redis-findings.ts";
import { environmentFindings, settingsFindings } from "./settings-findings.ts";
import * as work from "./work-findings.ts";

export interface Checkup {
  /** The worst of all. */
  readonly level: Level;
  /** The version of the process that has looked. */
  readonly version: string;
  readonly findings: readonly Finding[];
}

export interface CheckupRequest {
  /** Only the receivers of these endpoints, also where they are switched off; all that are active when absent. */
  readonly endpoints?: readonly string[];
}

/** Throws ENDPOINT_UNKNOWN. */
export type Doctor = (asked?: CheckupRequest) => Promise<Checkup>;

type ShardReadings = Pick<OpenReadings, "untilConnected" | "vitals">;

/** The readings of one visit, over a connection of its own; names are looked up anew. */
export interface OpenReadings extends Pick<ReceiversDeps, "shakeHands"> {
  /** The reason why the proxy is of no use; null where it answers, or there is none. */
  readonly proxyTrouble: () => Promise<HookwaveError | null>;
  /** Rejects with REDIS_UNAVAILABLE, and why. */
  readonly untilConnected: () => Promise<void>;
  readonly vitals: () => Promise<RedisVitals>;
  /** Rejects with DATA_NEWER or SHARDS_MISMATCH, as a start does. */
  readonly checkLayout: () => Promise<void>;
  /** Of an installation that is divided, the Redis of each shard; that of home is looked at besides. */
  readonly shards: readonly ShardReadings[];
  readonly hasApiKeys: () => Promise<boolean>;
  readonly workers: () => Promise<WorkersPresent>;
  readonly queueCounts: () => Promise<QueueCounts>;
  readonly jobs: () => Promise<JobsReading>;
  readonly parked: () => Promise<ParkedCount>;
  readonly letters: () => Promise<work.Letters>;
  readonly openBreakers: () => Promise<readonly BreakerId[]>;
  readonly outlines: () => Promise<EndpointOutlines>;
  readonly close: () => Promise<void>;
}

interface DoctorDeps extends Omit<ReceiversDeps, "shakeHands"> {
  readonly config: Config;
  readonly version: string;
  readonly readKeyFile: () => Promise<KeyFile | null>;
  readonly open: () => OpenReadings;
}

/** Longer than any answer of a Redis that is well, with all the rest that is asked beside it. */
const READING_MAX_MS = 5_000;

export function createDoctor(deps: DoctorDeps): Doctor {
  return async (asked = {}) => {
    const readings = deps.open();
    try {
      const around = await aroundFindings(deps, readings);
      return checkup(deps.version, [...around, ...(await redisAndWork(readings, asked, deps))]);
    } finally {
      await readings.close();
    }
  };
}

export function checkup(version: string, findings: readonly Finding[]): Checkup {
  return { level: worstOf(findings), version, findings: inOrder(findings) };
}

/** Of what is known without Redis. */
async function aroundFindings(
  { config, readKeyFile }: DoctorDeps,
  { proxyTrouble }: OpenReadings,
): Promise<readonly Finding[]> {
  const read = await Promise.all([
    tried("key_file", async () => [keyFileFinding(config, await readKeyFile())]),
    tried("proxy", async () => [proxyFinding(config, await proxyTrouble())]),
  ]);
  return [...environmentFindings({ config, problems: [] }), ...settingsFindings(config), ...read.flat()];
}

async function redisAndWork(
  readings: OpenReadings,
  asked: CheckupRequest,
  deps: DoctorDeps,
): Promise<readonly Finding[]> {
  const { config } = deps;
  const connection = await readings.untilConnected().then(() => null, noConnection);
  // First, and alone: its PINGs are not to wait behind the rest.
  const redis =
    connection === null
      ? await tried("redis.connection", async () => redisFindings(await readings.vitals(), config))
      : [connection];
  if (redis.some(({ check }) => check === "redis.connection"))
    return [...redis, ...exposureFindings(config, null)];
  const more = await Promise.all([
    tried("redis.layout", async () => [await layoutFinding(readings, config)]),
    shardFindings(readings, config),
    tried("exposure.keys", async () => exposureFindings(config, await readings.hasApiKeys())),
    workFindings(readings, deps),
    receiverFindings(readings, asked, deps),
  ]);
  return [...redis, ...more.flat()];
}

/** The layout decides how all the rest is read: where it is another one, what is said of the work is doubtful. */
async function layoutFinding({ checkLayout }: OpenReadings, { shards }: Config): Promise<Finding> {
  try {
    await checkLayout();
    return ok(
      "redis.layout",
      `one that this version reads, ${shards === 1 ? "not divided" : `in ${shards} shards`}`,
    );
  } catch (error) {
    if (!(error instanceof HookwaveError) || !REFUSES_START.has(error.code)) throw error;
    return broken("redis.layout", `${error.got}; expected ${error.expected}`, error.remedy);
  }
}

const REFUSES_START: ReadonlySet<ErrorCode> = new Set(["DATA_NEWER", "SHARDS_MISMATCH"]);

/** No more of each than what is not as it should be. */
async function shardFindings({ shards }: OpenReadings, config: Config): Promise<readonly Finding[]> {
  const lookAt = async ({ untilConnected, vitals }: ShardReadings): Promise<readonly Finding[]> => {
    const connection = await untilConnected().then(() => null, noConnection);
    if (connection !== null) return [connection];
    return await tried("redis.connection", async () => redisFindings(await vitals(), config));
  };
  const looked = await Promise.all(shards.map(lookAt));
  const bad = looked.flatMap((findings, shard) =>
    findings
      .filter(({ level }) => level !== "ok")
      .map((finding) => ({ ...finding, seen: `shard ${shard}: ${finding.seen}` })),
  );
  const areThere = shards.length > 0 && !bad.some(({ check }) => check === "redis.connection");
  return areThere ? [ok("redis.connection", `${shards.length} shards`), ...bad] : bad;
}

async function workFindings(readings: OpenReadings, deps: DoctorDeps): Promise<readonly Finding[]> {
  const { config, version, system } = deps;
  const found = await Promise.all([
    tried("workers", async () => work.workerFindings(await readings.workers(), version)),
    tried("queues", async () => [work.queuesFinding(await readings.queueCounts())]),
    tried("jobs.stuck", async () => work.jobFindings(await readings.jobs())),
    tried("parked", async () => [work.parkedFinding(await readings.parked(), config, system.now())]),
    tried("dead_letters", async () => [work.lettersFinding(await readings.letters())]),
    tried("breakers", async () => [work.breakersFinding(await readings.openBreakers())]),
  ]);
  return found.flat();
}

async function receiverFindings(
  readings: OpenReadings,
  { endpoints: wanted }: CheckupRequest,
  deps: DoctorDeps,
): Promise<readonly Finding[]> {
  const read = await settled(Promise.all([readings.outlines(), readings.openBreakers()]));
  if ("failure" in read) return [unread("endpoints", read.failure)];
  const [outlines, open] = read.answer;
  const { endpoints } = outlines;
  const ids = wanted?.map(asEndpointId);
  const stranger = ids?.find((id) => !endpoints.some((one) => one.id === id));
  if (stranger !== undefined) throw endpointUnknown(stranger);
  const chosen = endpoints.filter(({ id, isActive }) => ids?.includes(id) ?? isActive);
  // A look has bounds of its own.
  const looks = await lookAtReceivers(chosen, open, { ...deps, shakeHands: readings.shakeHands }).catch(
    (error: unknown) => [unread("endpoints", summarise(error))],
  );
  return [work.secretsFinding(outlines), ...looks];
}

function noConnection(error: unknown): Finding {
  const [seen, remedy] =
    error instanceof HookwaveError
      ? [error.got, error.remedy]
      : [summarise(error).message, "check that Redis runs and REDIS_URL is right"];
  return broken(
    "redis.connection",
    seen,
    `${remedy}; until then nothing of what lies in it can be looked at`,
  );
}

async function tried(check: Check, look: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  const looked = await settled(look());
  return "failure" in looked ? [unread(check, looked.failure)] : looked.answer;
}

type Settled<Answer> = { readonly answer: Answer } | { readonly failure: ErrorSummary };

/** An answer, or the reason why there is none in time. */
async function settled<Answer>(work: Promise<Answer>): Promise<Settled<Answer>> {
  const tooLate = Promise.withResolvers<never>();
  const late = (): void => tooLate.reject(new Error(`no answer within ${READING_MAX_MS / 1_000} s`));
  const timer = setTimeout(late, READING_MAX_MS);
  try {
    return { answer: await Promise.race([work, tooLate.promise]) };
  } catch (error) {
    return { failure: summarise(error) };
  } finally {
    clearTimeout(timer);
  }
}
