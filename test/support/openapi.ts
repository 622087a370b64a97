/** The operations of an OpenAPI document, as far as tests ask. */
import { z } from "zod";

const operationSchema = z.looseObject({
  operationId: z.string(),
  security: z.array(z.record(z.string(), z.array(z.string()))).default([]),
  responses: z.record(z.string(), z.looseObject({ content: z.record(z.string(), z.unknown()).optional() })),
});
const documentSchema = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
});

export interface Operation {
  readonly id: string;
  readonly method: string;
  /** With `{name}` for what is to be filled in. */
  readonly path: string;
  /** Empty where no key is asked for. */
  readonly roles: readonly string[];
  readonly responses: z.output<typeof operationSchema>["responses"];
}

export function operationsOf(document: unknown): readonly Operation[] {
  return Object.entries(documentSchema.parse(document).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, security, responses }]) => ({
      id: operationId,
      method: method.toUpperCase(),
      path,
      roles: security.flatMap((one) => Object.values(one).flat()),
      responses,
    })),
  );
}
