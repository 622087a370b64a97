/**
 * Durability: how safe an event must be before its publish is acknowledged. docs/durability.md says what each level
 * survives.
 */
export const DURABILITIES = ["redis", "replicated", "fsync"] as const;
export type Durability = (typeof DURABILITIES)[number];

export const isDurability = (value: unknown): value is Durability =>
  DURABILITIES.some((level) => level === value);
