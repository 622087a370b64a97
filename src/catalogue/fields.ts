/**
 * The fields that the known events share. Each schema's message is what it expects, in words, so that a problem
 * reads "model_id: expected a non-empty text, got 7". Nothing here transforms or refuses an unknown field: what
 * is known about a producer's data is a promise to its receivers, not a fence around the rest.
 */
import { z } from "zod";

const TEXT = "a non-empty text";
const NUMBER = "a number";
const NOT_NEGATIVE = "a number from 0 up";
const PERCENT = "a number from 0 to 100";
const MOMENT = "an ISO 8601 date and time";

export const AN_OBJECT = "an object";

/** By pattern: zod's check of a length looks at whatever has one, and throws where that is no number. */
export const text = z.string(TEXT).regex(/^[\s\S]/, TEXT);

export const number = z.number(NUMBER);

export const notNegative = z.number(NOT_NEGATIVE).min(0, NOT_NEGATIVE);

export const percent = z.number(PERCENT).min(0, PERCENT).max(100, PERCENT);

/** A zone is not asked for: Python's `isoformat()` leaves it out of a naive datetime. */
export const moment = z.iso.datetime({ offset: true, local: true, error: MOMENT });

/** Any variant and version: producers number their tasks with whatever their language calls a UUID. */
export const uuid = z.guid("a UUID");

export const address = z.stringFormat("address", /^0x[0-9A-Fa-f]{40}$/, {
  error: "0x and 40 hexadecimal digits",
});

/** Also an empty one. */
export const anyText = z.string("a text");

/** Named for its readers; its form is between a producer and its receivers. */
export const anyValue = z.unknown().optional();

/** A version or a code, which some producers write as a number. */
export const label = z.union([z.string(), z.number()], "a text or a number");

export const object = <const Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.looseObject(shape, AN_OBJECT);

export const anyObject = object({});
