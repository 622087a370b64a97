/**
 * An endpoint's record in Redis: JSON with its secrets and custom headers sealed. The version lets a later Hookwave
 * tell its own records from ours.
 */
import { z } from "zod";
import { asEndpointId } from "../core/brand.ts";
import {
  type Endpoint,
  heededOptions,
  OPTION_DEFAULTS,
  PROFILE_NAMES,
  type ProfileOptions,
  SIGNATURE_ENCODINGS,
  SIGNED_CONTENTS,
} from "../core/endpoint.ts";
import { readText } from "./record-text.ts";
import type { Sealer } from "./sealing.ts";

const VERSION = 1;

const recordSchema = z.object({
  v: z.literal(VERSION),
  incarnation: z.string().nullable().default(null),
  id: z.string(),
  url: z.string(),
  events: z.array(z.string()),
  profile: z.enum(PROFILE_NAMES),
  furtherProfiles: z.array(z.enum(PROFILE_NAMES)).default([]),
  profileOptions: z.object({
    replayProtection: z.boolean(),
    signaturePrefix: z.boolean(),
    signatureHeader: z.string().nullable().default(OPTION_DEFAULTS.signatureHeader),
    signatureEncoding: z.enum(SIGNATURE_ENCODINGS).default(OPTION_DEFAULTS.signatureEncoding),
    signedContent: z.enum(SIGNED_CONTENTS).default(OPTION_DEFAULTS.signedContent),
  }),
  sealed: z.string(),
  traceHeaders: z.boolean().nullable().default(null),
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
  const { secrets, headers, incarnation, profileOptions, ...open } = endpoint;
  const sealed = sealer.seal(JSON.stringify({ secrets, headers }), endpoint.id);
  // Scripts read it there (event-record.ts).
  return JSON.stringify({
    v: VERSION,
    ...(incarnation !== null && { incarnation }),
    ...open,
    profileOptions: withoutNulls(profileOptions),
    sealed,
  });
}

/** Absent, it is what a version before this takes for its default; null would make the whole record unreadable to it. */
const withoutNulls = (options: ProfileOptions): Partial<ProfileOptions> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null));

const incarnationSchema = recordSchema.pick({ incarnation: true });

/** Of a record that need not be readable otherwise. */
export const incarnationIn = (text: string): string | null =>
  readText(incarnationSchema, text)?.incarnation ?? null;

const standingSchema = recordSchema.pick({ url: true, isActive: true });

/** Of a record that need not be readable otherwise: where it is, and whether it takes part; null where not even that. */
export const standingIn = (text: string): z.output<typeof standingSchema> | null =>
  readText(standingSchema, text);

/** Is it sealed with the key that seals now? False for what only an earlier key opens, or none. */
export function isSealedAnew(text: string, sealer: Sealer): boolean {
  const { id, sealed } = recordSchema.parse(JSON.parse(text));
  return sealer.isCurrent(sealed, asEndpointId(id));
}

const outlineSchema = recordSchema.pick({
  v: true,
  url: true,
  isActive: true,
  sealed: true,
  createdAt: true,
});
type StoredOutline = z.output<typeof outlineSchema>;

/** The part that is open to whoever has no key; null for text that is no record of ours. */
export const readStoredOutline = (text: string): StoredOutline | null => readText(outlineSchema, text);

/** Throws when the record is unreadable or sealed with another key. */
export function readRecord(text: string, sealer: Sealer): Endpoint {
  const { v: _, sealed, ...open } = recordSchema.parse(JSON.parse(text));
  // A version before this wrote `Stripe-Signature` into every record, and took options that no profile heeded.
  const profileOptions = heededOptions(open.profileOptions, [open.profile, ...open.furtherProfiles]);
  const id = asEndpointId(open.id);
  const { secrets, headers } = sealedSchema.parse(JSON.parse(sealer.open(sealed, id)));
  return { ...open, profileOptions, id, secrets, headers };
}
