/**
 * A request's headers, from whatever the framework calls headers. Names are compared without case. A header that
 * came twice where one was meant is refused rather than picked from: two readers would pick differently.
 */
import { type VerificationCode, VerificationError } from "./verification-error.ts";

/** A `Headers`, any list of pairs, or Node's `request.headers`. */
export type HeadersInput =
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | readonly string[] | undefined>>;

export interface ReceivedHeaders {
  /** The only value; throws HEADER_MISSING or HEADER_MALFORMED, or the code that was asked for. */
  readonly required: (name: string) => string;
  /** The only value, if there is one; throws the same when there are two. */
  readonly optional: (name: string) => string | undefined;
  /** All values as one (RFC 9110 §5.3), for fields that are lists or hold a comma of their own. */
  readonly combined: (name: string) => string | undefined;
}

/** The separator that HTTP libraries put between two values of one name. */
const BETWEEN = ", ";

/** `code`: for a header that is missing and one that came twice alike; by default each has its own. */
type ReadHeaders = (code?: VerificationCode) => ReceivedHeaders;

/** The input is read once: it may be an iterator. */
export function readHeaders(input: HeadersInput): ReadHeaders {
  const values = new Map<string, string>();
  for (const [name, value] of isIterable(input) ? input : pairsOf(input)) {
    const key = name.toLowerCase();
    const before = values.get(key);
    values.set(key, before === undefined ? value : before + BETWEEN + value);
  }
  const combined = (name: string) => values.get(name.toLowerCase());
  return (code) => {
    const optional = (name: string) => {
      const value = combined(name);
      if (value?.includes(BETWEEN)) throw malformed(name, "one value", code);
      return value;
    };
    return { combined, optional, required: (name) => optional(name) ?? refuseMissing(name, code) };
  };
}

export function refuseMissing(name: string, code: VerificationCode = "HEADER_MISSING"): never {
  throw new VerificationError(code, `a header ${name}`, "none");
}

export const malformed = (
  name: string,
  expected: string,
  code: VerificationCode = "HEADER_MALFORMED",
): VerificationError => new VerificationError(code, `${expected} in ${name}`);

const isIterable = (input: HeadersInput): input is Iterable<readonly [string, string]> =>
  Symbol.iterator in input;

const pairsOf = (input: Exclude<HeadersInput, Iterable<unknown>>): readonly (readonly [string, string])[] =>
  Object.entries(input).flatMap(([name, value]) =>
    [value ?? []].flat().map((one): readonly [string, string] => [name, one]),
  );
