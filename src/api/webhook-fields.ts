/**
 * A webhook as JSON: what may be asked for, and what is shown. Its settings, with their names, units and bounds, are
 * those of the table in endpoints. A secret is only ever taken in; the answers that make one add it themselves.
 */
import { z } from "zod";
import { type Caller, isAllowed } from "../core/access.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { maskUrl } from "../core/mask-url.ts";
import { type Asked, askedIn } from "../endpoints/asked.ts";
import { NEW_ID_PATTERN } from "../endpoints/forms.ts";
import { ROTATION, type Rotation } from "../endpoints/rotation.ts";
import { defaultText, type Setting, type Table, takesNull } from "../endpoints/setting.ts";
import { type EndpointRequest, SETTINGS } from "../endpoints/settings.ts";
import { PRIVATE_PREFIX, publicKeyOf } from "../wire/ed25519.ts";
import { inJson, isoOf } from "./json-names.ts";
import { Refusal } from "./problem.ts";
import { unreadable } from "./read-json.ts";
import { onlyDescribing, pageOf } from "./routing.ts";

/** In every answer and no setting: ignored where a webhook is written back as it was read. */
const readOnly = {
  disabled_because: z.string().nullable(),
  disabled_at: z.iso.datetime().nullable().describe("What was accepted before is owed to it still."),
  secrets: z
    .array(z.object({ expires_at: z.iso.datetime().nullable() }))
    .describe("One for each that signs, newest first; those before it end at `expires_at`."),
  public_key: z.string().nullable().describe("What verifies an Ed25519 secret's signatures."),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
};

/** Requests: described with this, and read by `read…` below, which say all that is wrong at once. */
const url = SETTINGS.url.form.asked.describe(SETTINGS.url.doc);
const { ed25519: _, ...ofAny } = askedShape(SETTINGS, ({ doc }) => doc);
const ignored = Object.fromEntries(Object.keys(readOnly).map((name) => [name, z.unknown().optional()]));
export const newWebhook = describing(z.strictObject({ ...askedShape(SETTINGS, withDefault), url }), {
  url: "https://example.com/hook",
  events: ["job.*"],
  max_retries: 3,
  metadata: { team: "search" },
});
export const wholeWebhook = describing(z.strictObject({ ...ofAny, url, ...ignored }), {
  url: "https://example.com/other-hook",
  events: ["job.completed", "job.failed"],
  timeout_seconds: 5,
});
export const partOfWebhook = describing(z.strictObject({ ...ofAny, ...ignored }), {
  description: "of the search team",
  rate_limit: { count: 100, per_seconds: 60 },
});
export const rotation = describing(z.strictObject(askedShape(ROTATION, withDefault)).nullish(), {
  grace_seconds: 3_600,
});
/** In a query: read with the body, where it means the same. */
export const webhookId = z.string().max(64).meta({ pattern: NEW_ID_PATTERN.source });

function describing<Schema extends z.ZodType>(schema: Schema, example: object): Schema {
  return onlyDescribing(schema.meta({ example }));
}

/** Clients that write every field they know write null for what they leave out. */
function askedShape(table: Table, doc: (one: Setting) => string): Readonly<Record<string, z.ZodType>> {
  const described = (one: Setting): z.ZodType =>
    (takesNull(one) ? one.form.asked.optional() : one.form.asked.nullish()).describe(doc(one));
  return Object.fromEntries(Object.values(table).map((one) => [one.json, described(one)]));
}

function withDefault(one: Setting): string {
  return `${one.doc} Default: ${defaultText(one)}.`;
}

/** Settings of a new webhook. */
export function readWebhook(body: object): Asked<EndpointRequest> {
  return askedIn("json", SETTINGS, body);
}

/** Settings of a webhook that is there: what is only ever shown is left out. */
export function readChanges(body: object): Asked<EndpointRequest> {
  const { ed25519: _, ...changeable } = SETTINGS;
  const asked = Object.entries(body).filter(([name]) => !Object.hasOwn(readOnly, name));
  return askedIn<typeof changeable>("json", changeable, Object.fromEntries(asked));
}

export function readRotation(body: unknown): Asked<Rotation> {
  return askedIn("json", ROTATION, body == null ? {} : objectOf(body));
}

/** Throws a Refusal. */
export function objectOf(body: unknown): object {
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body;
  throw unreadable("a JSON object", body == null ? "nothing" : "something else");
}

/** An id may be said in two places, but not two ids. What the body has may be no id at all. */
export function oneId(body: object, other: string | undefined, where: string): unknown {
  const id = "id" in body ? (body.id ?? undefined) : undefined;
  if (id === undefined || other === undefined || id === other) return id ?? other;
  throw new Refusal("REQUEST_INVALID", {
    expected: `${where} to be ${JSON.stringify(id)}`,
    got: `"${other}"`,
    remedy: "leave one of them out",
  });
}

type ShownSetting = Exclude<(typeof SETTINGS)[keyof typeof SETTINGS], { readonly show: null }>;
type ShownSettings = {
  [Json in ShownSetting["json"]]: ReturnType<Extract<ShownSetting, { readonly json: Json }>["show"]>;
};
type Schemas<Of> = { readonly [Name in keyof Of]: z.ZodType<Of[Name]> };

const SHOWN = Object.values<Setting>(SETTINGS).filter(({ show }) => show !== null);
const shownShape: Schemas<ShownSettings> = Object.assign(
  {},
  ...SHOWN.map(({ json, form, doc }) => ({ [json]: form.shown.describe(doc) })),
);

export const shownWebhook = z.object({ ...shownShape, ...readOnly });
export type ShownWebhook = z.output<typeof shownWebhook>;
export const webhookPage = pageOf(shownWebhook);
export const madeWebhook = shownWebhook.extend({ secret: z.string().describe("Shown this once.") });
export type MadeWebhook = z.output<typeof madeWebhook>;

export function showWebhook(endpoint: Endpoint): ShownWebhook {
  const { secrets, disabledBecause, disabledAt, createdAt, updatedAt } = endpoint;
  const newest = secrets[0]?.value ?? "";
  const settings: ShownSettings = Object.assign(
    {},
    ...SHOWN.map(({ json, show }) => ({ [json]: show?.(endpoint) })),
  );
  return {
    ...settings,
    ...inJson({ disabledBecause, disabledAt, createdAt, updatedAt }),
    secrets: secrets.map(({ expiresAt }) => ({ expires_at: isoOf(expiresAt) })),
    public_key: newest.startsWith(PRIVATE_PREFIX) ? publicKeyOf(newest) : null,
  };
}

export const mayChange = (caller: Caller | null): boolean => caller !== null && isAllowed(caller, "admin");

/** The URL may be read back by those who may set it; to others it is masked. */
export function showTo(caller: Caller | null, endpoint: Endpoint): ShownWebhook {
  const shown = showWebhook(endpoint);
  return mayChange(caller) ? shown : { ...shown, url: maskUrl(endpoint.url) };
}

export function showMade(endpoint: Endpoint): MadeWebhook {
  return { ...showWebhook(endpoint), secret: endpoint.secrets[0]?.value ?? "" };
}
