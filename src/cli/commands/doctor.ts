/**
 * `hookwave doctor`: what is wrong, and what to do. It asks the service, which stands where it matters; where that does
 * not answer, which is when a doctor is called, it looks from here, by this environment and its Redis (decision 27).
 */
import { isDeepStrictEqual } from "node:util";
import { shownCheckup } from "../../api/routes/doctor.ts";
import { type Config, surveyEnvironment } from "../../config/environment.ts";
import { HookwaveError } from "../../core/errors.ts";
import { shownRedisUrl } from "../../core/redis-url.ts";
import {
  broken,
  type Finding,
  inOrder,
  type Level,
  ok,
  warning,
  worstOf,
} from "../../manage/doctor/finding.ts";
import { environmentFindings, settingsFindings } from "../../manage/doctor/settings-findings.ts";
import { checkHere } from "../../process/doctor.ts";
import { VERSION } from "../../wire/version.ts";
import { createApiClient } from "../api-client.ts";
import type { Invocation } from "../command-line.ts";
import { findingsText, type ShownFinding } from "../doctor-text.ts";
import { EXIT } from "../exit-codes.ts";
import { Refused } from "../refused.ts";
import type { Report } from "../report.ts";
import { addressOf, redisUrlOf } from "../service-access.ts";
import type { Terminal } from "../terminal.ts";

const EXIT_OF: Readonly<Record<Level, number>> = { ok: EXIT.ok, warning: EXIT.failure, broken: EXIT.unsafe };

interface Looked {
  /** The place from which it was seen, as it may be shown. */
  readonly from: string;
  readonly findings: readonly ShownFinding[];
}

export async function doctor(asked: Invocation, { style }: Terminal): Promise<Report> {
  const survey = surveyEnvironment();
  const { from, findings: found } = await look(asked, survey.config);
  // A service that was started with this environment has said the same.
  const here = environmentFindings(survey).filter(
    (one) => !found.some((other) => isDeepStrictEqual(one, other)),
  );
  const findings = inOrder([...here, ...found]);
  const level = worstOf(findings);
  return {
    text: findingsText(findings, from, style),
    json: { level, version: VERSION, seen_from: from, findings },
    exitCode: EXIT_OF[level],
  };
}

async function look(asked: Invocation, config: Config): Promise<Looked> {
  const redisUrl = redisUrlOf(asked);
  if (redisUrl !== undefined) return await lookFromHere(asked, config, redisUrl);
  try {
    return await askService(asked, config);
  } catch (error) {
    const silence = apiFinding(error, asked, config);
    if (silence === null) throw error;
    if (config.redisUrl === null)
      return { from: "here", findings: [silence, ...settingsFindings(config), NOWHERE] };
    const { from, findings } = await lookFromHere(asked, config, config.redisUrl);
    return { from, findings: [silence, ...findings] };
  }
}

async function askService(asked: Invocation, config: Config): Promise<Looked> {
  const address = addressOf(asked, config);
  const query = { endpoint: asked.all("endpoint") };
  const { version, findings } = await createApiClient(address).ask({ path: ["doctor"], query }, shownCheckup);
  const seen = `${address.url} answers, version ${version}`;
  const api =
    version === VERSION
      ? ok("api", seen)
      : warning(
          "api",
          `${seen}; this command is of ${VERSION}`,
          "finish the upgrade, or use the command of the service",
        );
  return { from: `the service at ${address.url}`, findings: [api, ...findings] };
}

async function lookFromHere(asked: Invocation, config: Config, redisUrl: string): Promise<Looked> {
  const request = asked.has("endpoint") ? { endpoints: asked.all("endpoint") } : {};
  const { findings } = await checkHere({ ...config, redisUrl }, redisUrl, request);
  return { from: `here, on ${shownRedisUrl(redisUrl)}`, findings };
}

const NOWHERE: Finding = broken(
  "redis.connection",
  "not looked at: no service answers, and REDIS_URL is not set here",
  "set REDIS_URL as the service has it, or name its Redis with --redis",
);

/** Null for what is no answer to the question where the service is: a command line that cannot be understood. */
function apiFinding(error: unknown, asked: Invocation, config: Config): Finding | null {
  // It is there, and will not tell whoever asks.
  if (error instanceof Refused)
    return warning(
      "api",
      `it answers and refuses: expected ${error.expected}, got ${error.got}`,
      error.remedy,
    );
  if (!(error instanceof HookwaveError)) return null;
  const { code, expected, got, remedy } = error;
  if (code !== "API_UNAVAILABLE" && code !== "REDIS_UNAVAILABLE" && code !== "CONFIG_INVALID") return null;
  const seen = `expected ${expected}, got ${got}`;
  const isElsewhere = config.role === "worker" && config.apiUrl === null && !asked.has("api");
  return isElsewhere
    ? warning(
        "api",
        `${seen}; HOOKWAVE_ROLE is worker, so it is elsewhere`,
        "name it with --api or HOOKWAVE_URL",
      )
    : broken("api", seen, remedy);
}
