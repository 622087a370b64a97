/** A dead letter as it is stored. It carries the whole event, so that nothing which expires is needed to send it again. */
import { z } from "zod";
import type { DeadLetter } from "../core/delivery.ts";
import { DELIVERY_VERSION, deliverySchema, versionOf } from "../core/stored.ts";
import { BURY_REASONS } from "../core/verdict.ts";

/** Letters of version 1 do not say so. */
const letterVersionSchema = z.object({ v: z.number().max(DELIVERY_VERSION).optional() });

const deadLetterSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("delivery"),
    delivery: deliverySchema,
    because: z.enum(BURY_REASONS),
    buriedAt: z.string(),
  }),
  z.object({
    kind: z.literal("job"),
    jobId: z.string(),
    addedAt: z.number(),
    text: z.string(),
    problem: z.string(),
    because: z.enum(["invalid", "poison"]),
    buriedAt: z.string(),
  }),
]);

/** A letter as it is stored: with a version where a reader of the first would lose something. */
export function storedLetter(letter: DeadLetter): DeadLetter & { readonly v?: number } {
  return letter.kind === "delivery" && versionOf(letter.delivery) > 1
    ? { v: versionOf(letter.delivery), ...letter }
    : letter;
}

/** Null for anything that is no dead letter of ours, or one of a newer version. */
export function readDeadLetter(value: unknown): DeadLetter | null {
  const versioned = letterVersionSchema.safeParse(value);
  return versioned.success ? (deadLetterSchema.safeParse(value).data ?? null) : null;
}
