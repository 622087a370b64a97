/**
 * A finding of the doctor: one thing that was looked at, how it is, what was seen and what to do about it. No finding
 * holds a secret: not a password of a Redis URL, and of a receiver's URL no more than its origin.
 */
import type { ErrorSummary } from "../../core/errors.ts";

/** From good to bad. */
export const LEVELS = ["ok", "warning", "broken"] as const;
export type Level = (typeof LEVELS)[number];

/** All that is looked at, in the order in which people read of it; docs/doctor.md says what makes each of them bad. */
export const CHECKS = [
  "api",
  "settings.invalid",
  "settings.unknown",
  "settings.given",
  "settings.production",
  "settings.contradiction",
  "redis.connection",
  "redis.layout",
  "redis.version",
  "redis.role",
  "redis.aof",
  "redis.persistence",
  "redis.eviction",
  "redis.memory",
  "redis.maxmemory",
  "redis.clients",
  "redis.latency",
  "redis.clock",
  "durability",
  "exposure.keys",
  "exposure.tls",
  "exposure.networks",
  "key_file",
  "proxy",
  "workers",
  "workers.version",
  "queues",
  "jobs.stuck",
  "jobs.alien",
  "parked",
  "dead_letters",
  "breakers",
  "secrets",
  "endpoints",
  "endpoint",
] as const;
export type Check = (typeof CHECKS)[number];

export interface Finding {
  readonly check: Check;
  readonly level: Level;
  readonly seen: string;
  /** Null where nothing is to be done. */
  readonly remedy: string | null;
  /** Ids of the endpoints that it is about, where it is about some. */
  readonly about: readonly string[];
}

export const ok = (check: Check, seen: string): Finding => ({
  check,
  level: "ok",
  seen,
  remedy: null,
  about: [],
});

export const warning = (check: Check, seen: string, remedy: string): Finding => ({
  ...ok(check, seen),
  level: "warning",
  remedy,
});

export const broken = (check: Check, seen: string, remedy: string): Finding => ({
  ...warning(check, seen, remedy),
  level: "broken",
});

/** For a reading that did not come about: nothing is known, and that is no good news. */
export const unread = (check: Check, { code, message }: ErrorSummary): Finding =>
  broken(
    check,
    `could not be looked at: ${message === "" ? code : message}`,
    "see what is said of Redis, and look again",
  );

export function worstOf(findings: readonly Pick<Finding, "level">[]): Level {
  return LEVELS.findLast((level) => findings.some((one) => one.level === level)) ?? "ok";
}

/** A check that only another version knows comes last. */
export function inOrder<One extends { readonly check: string }>(findings: readonly One[]): readonly One[] {
  const places = new Map<string, number>(CHECKS.map((check, place) => [check, place]));
  const placeOf = ({ check }: One): number => places.get(check) ?? CHECKS.length;
  return findings.toSorted((one, other) => placeOf(one) - placeOf(other));
}
