/** Hashes of counters, read together; those of several shards are added up field by field. */
import { z } from "zod";

export type Counters = Readonly<Record<string, number>>;

const answersSchema = z.array(z.record(z.string(), z.coerce.number()));

/** `answers` are those of a pipeline of HGETALL. */
export const countersIn = (answers: unknown): readonly Counters[] => answersSchema.parse(answers);

export function sumOf(some: readonly Counters[]): Counters {
  const [first = {}, ...others] = some;
  if (others.length === 0) return first;
  const sum = { ...first };
  for (const counters of others)
    for (const [field, count] of Object.entries(counters)) sum[field] = (sum[field] ?? 0) + count;
  return sum;
}
