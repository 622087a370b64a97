import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readCommandLine } from "../../../src/cli/command-line.ts";
import { settingsOf } from "../../../src/cli/endpoint-fields.ts";
import { asEndpointId } from "../../../src/core/brand.ts";
import { askedIn } from "../../../src/endpoints/asked.ts";
import * as forms from "../../../src/endpoints/forms.ts";
import { newEndpoint } from "../../../src/endpoints/registration.ts";
import { setting, type Table } from "../../../src/endpoints/setting.ts";
import { type EndpointRequest, SETTINGS } from "../../../src/endpoints/settings.ts";
import { readRecord, writeRecord } from "../../../src/store/endpoint-record.ts";
import { createSealer } from "../../../src/store/sealing.ts";
import { registrationRules } from "../../support/registration-rules.ts";

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const page = read("docs/endpoints.md");
const paths = JSON.parse(read("docs/openapi.json")).paths["/api/v1/webhooks"].post;
const body = paths.requestBody.content["application/json"].schema.properties;
const answer = paths.responses["201"].content["application/json"].schema.properties;

/** Another value than the default of each, in JSON; and how an option would be written that sets it. */
const SAMPLES: Readonly<Record<string, readonly [unknown, string?]>> = {
  id: ["mine", "mine"],
  url: ["https://other.example.com/hook"],
  events: [["job.*"], "job.*"],
  profile: ["klipstream", "klipstream"],
  further_profiles: [["github"], "github"],
  signature_prefix: [false],
  replay_protection: [true],
  signature_header: ["Acme-Signature", "Acme-Signature"],
  signature_encoding: ["base64", "base64"],
  signed_content: ["timestamp.body", "timestamp.body"],
  secret: [["hunter2"], "hunter2"],
  ed25519: [true],
  headers: [{ "X-Team": "growth" }, "X-Team: growth"],
  trace_headers: [false, "false"],
  signs_destinations: [true],
  timeout_seconds: [7, "7s"],
  max_retries: [1, "1"],
  retry_schedule: [["1s", "90s"], "1s,90s"],
  max_in_flight: [3, "3"],
  rate_limit: [{ count: 5, per_seconds: 60 }, "5/1m"],
  description: ["a note", "a note"],
  metadata: [{ team: "search" }, "team=search"],
  is_active: [false],
};

/** Beside those that only some profiles heed. */
const NEEDED: Readonly<Record<string, object>> = {
  signature_prefix: { profile: "hokusai" },
  replay_protection: { profile: "hokusai" },
  signature_header: { profile: "stripe" },
  signature_encoding: { profile: "hmac" },
  signed_content: { profile: "hmac" },
};

const sealer = createSealer(randomBytes(32), null);
const made = (asked: object) =>
  newEndpoint(askedIn("json", SETTINGS, { url: "https://example.com/hook", ...asked }), registrationRules, 0);
const madeWith = (json: string, sample: unknown) => made({ ...NEEDED[json], [json]: sample });

/** What is missing of a setting somewhere: nobody has to remember the places. */
function gaps(table: Table): readonly string[] {
  return Object.entries(table).flatMap(([name, one]) => {
    const { json, option, show } = one;
    const [sample, text] = SAMPLES[json] ?? [undefined];
    const missing = (holds: boolean, what: string) => (holds ? [] : [`${name}: ${what}`]);
    return [
      ...missing(page.includes(`| \`${json}\` | \`${name}\` |`), "no line in docs/endpoints.md"),
      ...missing(Object.hasOwn(body, json), "not in the API's request"),
      ...missing(show === null || Object.hasOwn(answer, json), "not in the API's answer"),
      ...missing("none" in option ? option.none !== "" : sets(option.name, text, json, sample), "no option"),
      ...missing(show === null || isKept(one, sample), "not kept where endpoints are stored"),
    ];
  });
}

function sets(option: string, text: string | undefined, json: string, sample: unknown): boolean {
  const words = [
    "endpoints",
    "add",
    "https://example.com",
    `--${option}${text === undefined ? "" : `=${text}`}`,
  ];
  try {
    expect(settingsOf(readCommandLine(words), SETTINGS)[json]).toEqual(sample);
    return true;
  } catch {
    return false;
  }
}

function isKept({ json, show }: Table[string], sample: unknown): boolean {
  if (sample === undefined) return false;
  const asked = madeWith(json, sample);
  const stored = readRecord(writeRecord(asked, sealer), sealer);
  const before = JSON.stringify(show?.(made({ id: asEndpointId("another") })));
  const after = JSON.stringify(show?.(stored));
  return before !== after && after === JSON.stringify(show?.(asked));
}

describe("a setting of an endpoint", () => {
  it("is documented, asked for, shown, stored, and has an option or a reason why not", () => {
    expect(gaps(SETTINGS)).toEqual([]);
  });

  it("is missed wherever it is not, once it stands in the table", () => {
    const extra = setting({
      json: "burst_size",
      form: forms.wholeNumber(1, 10),
      default: 1,
      doc: "Planted.",
      option: { name: "burst-size", value: "<n>", reading: "number" },
      show: ({ maxInFlight }) => maxInFlight,
    });
    expect(gaps({ ...SETTINGS, burstSize: extra })).toEqual([
      "burstSize: no line in docs/endpoints.md",
      "burstSize: not in the API's request",
      "burstSize: not in the API's answer",
      "burstSize: no option",
      "burstSize: not kept where endpoints are stored",
    ]);
    const withoutReason = setting({ ...SETTINGS.url, option: { none: "" } });
    expect(gaps({ url: withoutReason })).toEqual(["url: no option"]);
  });

  it("is typed by the table, and what the type refuses is refused also where nobody looks at types", () => {
    const url = "https://example.com/hook";
    const good: EndpointRequest = {
      url,
      timeoutMs: 5_000,
      retrySchedule: "standard-webhooks",
      rateLimit: null,
    };
    expect(newEndpoint(good, registrationRules, 0)).toMatchObject({ timeoutMs: 5_000 });
    const bad: readonly EndpointRequest[] = [
      // @ts-expect-error a setting that is required
      { timeoutMs: 5_000 },
      // @ts-expect-error a text where a number belongs
      { url, timeoutMs: "5s" },
      // @ts-expect-error a list where a text belongs
      { url, description: ["a note"] },
      // @ts-expect-error a setting that is none
      { url, timeout: 5 },
    ];
    for (const request of bad)
      expect(() => newEndpoint(request, registrationRules, 0)).toThrow(
        expect.objectContaining({ code: "ENDPOINT_INVALID" }),
      );
  });

  it.each(Object.entries(SETTINGS))("%s is shown as it can be asked for", (_, { json, form, show }) => {
    const [sample] = SAMPLES[json] ?? [undefined];
    expect(form.asked.safeParse(sample).success).toBe(true);
    const shown = show?.(madeWith(json, sample));
    if (show !== null && json !== "headers") expect(shown).toEqual(sample);
  });
});
