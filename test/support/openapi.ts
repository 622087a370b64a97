/** The operations of an OpenAPI document, as far as tests ask. */
import { z } from "zod";

const schema = z.record(z.string(), z.unknown());
const requestSchema = z.object({
  parameters: z
    .array(z.object({ in: z.string(), name: z.string(), required: z.boolean().default(false), schema }))
    .default([]),
  requestBody: z
    .object({
      required: z.boolean().default(false),
      content: z.record(z.string(), z.object({ schema })),
    })
    .optional(),
});

/** The part of an operation that a caller fills in. */
export type Requested = z.output<typeof requestSchema>;

const operationSchema = z.looseObject({
  ...requestSchema.shape,
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
  readonly request: Requested;
  readonly responses: z.output<typeof operationSchema>["responses"];
}

export function operationsOf(document: unknown): readonly Operation[] {
  return Object.entries(documentSchema.parse(document).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, { operationId, security, responses, parameters, requestBody }]) => ({
        id: operationId,
        method: method.toUpperCase(),
        path,
        roles: security.flatMap((one) => Object.values(one).flat()),
        request: { parameters, requestBody },
        responses,
      }),
    ),
  );
}
