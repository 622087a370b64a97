/**
 * The doctor of a process: where no service answers, and in brief when one starts. Then it says what is not as it should be
 * of what a start does not say or refuse by itself; it holds nothing up.
 */
import { wireDoctor } from "../app/doctor.ts";
import type { Config } from "../config/environment.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import type { Checkup, CheckupRequest, Doctor } from "../manage/doctor/doctor.ts";
import type { Check } from "../manage/doctor/finding.ts";
import { placeAt } from "../store/redis-place.ts";

/** As a service with this configuration would see it from here. */
export function checkHere(config: Config, redisUrl: string, asked: CheckupRequest): Promise<Checkup> {
  return wireDoctor(config, placeAt(redisUrl, config))(asked);
}

/** Neither those that a start has its own notices for, nor those that are only true once a fleet has started. */
const AT_START: ReadonlySet<Check> = new Set<Check>([
  "settings.contradiction",
  "redis.version",
  "redis.role",
  "redis.persistence",
  "redis.memory",
  "redis.clients",
  "redis.latency",
  "redis.clock",
  "durability",
  "exposure.tls",
  "exposure.networks",
  "key_file",
  "jobs.alien",
]);

/** Resolves when it is told; a doctor that fails is told, too. */
export async function checkAtStart(doctor: Doctor, tell: Tell): Promise<void> {
  try {
    const { findings } = await doctor({ endpoints: [] });
    for (const { check, level, seen, remedy } of findings) {
      if (level === "ok" || !AT_START.has(check)) continue;
      tell({ kind: "service.noticed", notice: `${seen}; ${remedy ?? ""}`, detail: { check, level } });
    }
  } catch (error) {
    tellFailure(tell, "doctor")(error);
  }
}
