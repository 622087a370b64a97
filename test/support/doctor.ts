/** `hookwave doctor` asked in a test: its findings by check, its exit code, and the place it has looked from. */
import { expect } from "vitest";
import { VERSION } from "../../src/wire/version.ts";
import { LOOPBACK_VARIABLES, runCommand, type Variables } from "./command.ts";
import { startReceiver } from "./receiver.ts";
import type { TestRedis } from "./service.ts";

interface Found {
  readonly check: string;
  readonly level: string;
  readonly seen: string;
  readonly remedy: string | null;
}

export interface DoctorReport {
  readonly code: number | null;
  readonly level: string;
  readonly seenFrom: string;
  readonly findings: readonly Found[];
  /** All findings of one check. */
  readonly of: (check: string) => readonly Found[];
}

/** The service is where the variables say; else at a port that nobody has. */
export async function askDoctor(words: readonly string[], variables: Variables = {}): Promise<DoctorReport> {
  const { code, stdout, stderr } = await runCommand(["doctor", ...words, "--json"], {
    HOOKWAVE_URL: await nobodysUrl(),
    ...variables,
  });
  expect(stderr).toBe("");
  const { level, version, seen_from: seenFrom, findings } = JSON.parse(stdout);
  expect(version).toBe(VERSION);
  return {
    code,
    level,
    seenFrom,
    findings,
    of: (check) => findings.filter((one: Found) => one.check === check),
  };
}

/** Straight on a Redis, as its own service would be configured. */
export const askDoctorOn = (redis: TestRedis, variables: Variables = {}): Promise<DoctorReport> =>
  askDoctor(["--redis", redis.url], {
    HOOKWAVE_DATA_DIR: redis.dataDir,
    ...LOOPBACK_VARIABLES,
    ...variables,
  });

/** The address of a receiver that is gone. */
export async function nobodysUrl(): Promise<string> {
  await using receiver = await startReceiver();
  return new URL(receiver.url).origin;
}
