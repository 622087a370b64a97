/**
 * Text as nobody means it: random, JSON of any shape, and what was right until something happened to it on its way.
 * With names that are dangerous in JavaScript, and characters that are dangerous elsewhere.
 */
import fc from "fast-check";
import { casesOf } from "./depth.ts";

const NAMES = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "then",
  "length",
  "v",
  "events",
];
const NASTY = [
  "\u0000",
  "\ud800",
  "\u2028",
  "\ufeff",
  "\r\n",
  "\\",
  '"',
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "e999",
  "-",
  "\\u",
];

export const name = fc.oneof(fc.constantFrom(...NAMES), fc.string({ maxLength: 8 }));
const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -0,
    1e308,
    2 ** 53,
    "",
    "evt_1",
    "thing.made",
    "2026-01-31T12:00:00Z",
  ),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.double(),
);

/** The text of any JSON value, dangerous names included: written by hand, since an object would swallow `__proto__`. */
export const json: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf.map((one) => JSON.stringify(one) ?? "null"),
    fc.array(tie("value"), { maxLength: 4 }).map((items) => `[${items.join(",")}]`),
    fc
      .array(fc.tuple(name, tie("value")), { maxLength: 5 })
      .map((pairs) => `{${pairs.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(",")}}`),
  ),
})).value;

/** One of these texts, with some of it cut out, doubled, or replaced. */
export function damaged(originals: readonly string[]): fc.Arbitrary<string> {
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  const change = fc.tuple(
    place,
    fc.nat(20),
    fc.oneof(fc.constantFrom(...NASTY, ...NAMES), json, fc.constant("")),
  );
  return fc
    .tuple(fc.constantFrom(...originals), fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([text, changes]) =>
      changes.reduce((now, [where, cut, put]) => {
        const at = Math.floor(where * now.length);
        return now.slice(0, at) + put + now.slice(at + cut);
      }, text),
    );
}

export function hostileText(originals: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(fc.string({ unit: "binary", maxLength: 200 }), json, {
    arbitrary: damaged(originals),
    weight: 3,
  });
}

/** `right` most of the time, else anything. */
const mostly = (right: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof({ arbitrary: right, weight: 12 }, { arbitrary: json, weight: 1 });

const quoted = (...texts: readonly string[]): fc.Arbitrary<string> =>
  fc.constantFrom(...texts.map((text) => JSON.stringify(text)));

/** An event of which hardly ever more than one member is wrong: what gets past the first checks. */
export const almostEvent: fc.Arbitrary<string> = fc
  .tuple(
    mostly(quoted("evt_1", "a-B_9", "x".repeat(64))),
    mostly(quoted("thing.made", "a", "a.b.c.d.e.f.g.h", "job.completed", "Order.Paid", "user-created")),
    mostly(quoted("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.123456789+01:00")),
    fc.oneof(
      json,
      json.map((text) => JSON.stringify(text)),
      leaf.map((one) => JSON.stringify(one) ?? "null"),
    ),
    mostly(
      fc.constantFrom(
        "null",
        "[]",
        '[{"url":"https://a.example/"}]',
        '[{"url":"http://[::1]:9/","events":["progress"]}]',
      ),
    ),
  )
  .chain(([id, type, timestamp, data, destinations]) =>
    fc
      .shuffledSubarray([`"id":${id}`, `"timestamp":${timestamp}`, `"destinations":${destinations}`])
      .map((some) => `{${[`"type":${type}`, ...some, `"data":${data}`].join(", ")}}`),
  );

/** The part that no input may have changed: what every object inherits. */
export function inherited(): string {
  const plain: Readonly<Record<string, unknown>> = {};
  return JSON.stringify([
    Reflect.ownKeys(Object.prototype).map(String),
    Reflect.ownKeys(Array.prototype).map(String),
    ...NAMES.map((one) => typeof plain[one]),
  ]);
}

export const CASES = { numRuns: casesOf(10_000) };

const wide = (names: number, value: string): string =>
  `{${Array.from({ length: names }, (_, nth) => `"name ${nth}":${value}`).join(",")}}`;

/** Wide: a sentence for each member would take long to write. */
export const WIDE: readonly string[] = [
  wide(30_000, "0"),
  `{"type":"a","data":1,${wide(30_000, "0").slice(1)}`,
  `{"url":"https://a.example/","metadata":${wide(30_000, "0")}}`,
  `{"type":"model.registered","data":{"model_id":"m","registered_version":1,"baseline_metrics":${wide(10_000, '"x"')}}}`,
];

/** Large and simple: what a reader that is not linear takes for ever over. */
export const LARGE: readonly string[] = [
  "[",
  "{",
  '"',
  "\\",
  '{"a":',
  "[[],",
  " ",
  "1",
  '"\\u0000',
  "\ud83d\ude00",
].map((part) => part.repeat(Math.ceil(500_000 / part.length)));
