/**
 * An endpoint's record in Redis: JSON with its secrets and custom headers sealed. The version lets a later Hookwave
 * tell its own records from ours.
 */
import { z } from "zod";
import { asEndpointId } from "../core/brand.ts";
import { type Endpoint, PROFILE_NAMES } from "../core/endpoint.ts";
import type { Sealer } from "./sealing.ts";

const VERSION = 1;

const recordSchema = z.object({
  v: z.literal(VERSION),
  id: z.string(),
  url: z.string(),
  events: z.array(z.string()),
  profile: z.enum(PROFILE_NAMES),
  furtherProfiles: z.array(z.enum(PROFILE_NAMES)).default([]),
  profileOptions: z.object({
    replayProtection: z.boolean(),
    signaturePrefix: z.boolean(),
    signatureHeader: z.string().default("Stripe-Signature"),
  }),
  sealed: z.string(),
  signsDestinations: z.boolean().default(false),
  timeoutMs: z.number(),
  retrySchedule: z.array(z.number()),
  maxInFlight: z.number(),
  growsInFlight: z.boolean().default(false),
  rateLimit: z.object({ count: z.number(), perMs: z.number() }).nullable().default(null),
  description: z.string(),
  metadata: z.record(z.string(), z.string()).default({}),
  isActive: z.boolean(),
  disabledBecause: z.string().nullable(),
  disabledAt: z.string().nullable().default(null),
  createdAt: z.string(),
  updatedAt: z.string(),
});

const sealedSchema = z.object({
  secrets: z.array(z.object({ value: z.string(), expiresAt: z.number().nullable() })),
  headers: z.record(z.string(), z.string()),
});

export function writeRecord(endpoint: Endpoint, sealer: Sealer): string {
  const { secrets, headers, ...open } = endpoint;
  const sealed = sealer.seal(JSON.stringify({ secrets, headers }), endpoint.id);
  return JSON.stringify({ v: VERSION, ...open, sealed });
}

/** Is it sealed with the key that seals now? False for what only an earlier key opens, or none. */
export function isSealedAnew(text: string, sealer: Sealer): boolean {
  const { id, sealed } = recordSchema.parse(JSON.parse(text));
  return sealer.isCurrent(sealed, asEndpointId(id));
}

/** Throws when the record is unreadable or sealed with another key. */
export function readRecord(text: string, sealer: Sealer): Endpoint {
  const { v: _, sealed, ...open } = recordSchema.parse(JSON.parse(text));
  const id = asEndpointId(open.id);
  const { secrets, headers } = sealedSchema.parse(JSON.parse(sealer.open(sealed, id)));
  return { ...open, id, secrets, headers };
}
