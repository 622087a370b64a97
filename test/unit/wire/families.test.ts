/** What each profile signs, judged by receivers that know nothing of our code. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asEventId } from "../../../src/core/brand.ts";
import { PROFILE_NAMES } from "../../../src/core/endpoint.ts";
import { profiles } from "../../../src/wire/profiles.ts";
import { signRequest } from "../../../src/wire/sign.ts";
import { casesOf } from "../../support/depth.ts";
import { accepts, acceptsStandard, incoming } from "../../support/family-receivers.ts";
import { anEvent, aSigning, NEW_SECRET, OLD_SECRET } from "./samples.ts";

const secret = fc
  .uint8Array({ minLength: 24, maxLength: 64 })
  .map((bytes) => `whsec_${Buffer.from(bytes).toString("base64")}`);

const message = fc.record({
  event: fc.record({
    id: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/).map(asEventId),
    type: fc.stringMatching(/^[a-z0-9_]{1,12}(\.[a-z0-9_]{1,12}){0,3}$/),
    timestamp: fc.constant("2025-03-04T05:06:07Z"),
    data: fc.json({ stringUnit: "binary" }),
  }),
  secrets: fc.uniqueArray(secret, { minLength: 1, maxLength: 2 }),
  url: fc.webUrl({ withQueryParameters: true }).map((url) => new URL(url).href),
});

// The packages compare with the clock and allow five minutes.
const now = (): number => Math.floor(Date.now() / 1_000);

describe("a request of several profiles", () => {
  it.each(PROFILE_NAMES)("with the body of %s is accepted by the receivers of all", async (name) => {
    const further = PROFILE_NAMES.filter((other) => other !== name).map((other) => profiles[other]);
    const signing = aSigning({ timestamp: now() });
    const sent = signRequest(anEvent(), profiles[name], signing, further);
    expect(sent.body).toBe(profiles[name].body(anEvent()));
    const request = incoming(signing.url, sent.body, sent.headers);
    for (const family of PROFILE_NAMES) expect(await accepts[family](request, OLD_SECRET)).toBe(true);
  });
});

describe.each(PROFILE_NAMES)("random messages of the %s profile", (name) => {
  it("are accepted by its receivers and by Standard Webhooks', and by neither once changed", async () => {
    const timestamp = now();
    const judged = fc.asyncProperty(message, async ({ event, secrets, url }) => {
      const sent = signRequest(event, profiles[name], aSigning({ secrets, url, timestamp }));
      const request = incoming(url, sent.body, sent.headers);
      const changed = { ...request, body: `${sent.body} ` };
      const [newest = "", oldest = newest] = secrets;
      expect(JSON.parse(sent.body)).toBeDefined();
      expect(await accepts[name](request, newest)).toBe(true);
      expect(await accepts[name](changed, newest)).toBe(false);
      expect(acceptsStandard(request, oldest)).toBe(true);
      expect(acceptsStandard(changed, newest)).toBe(false);
    });
    await fc.assert(judged, { seed: 20_250_304, numRuns: casesOf(1_000) });
  }, 60_000);

  it("are refused by a receiver with another secret", async () => {
    const signing = aSigning({ secrets: [NEW_SECRET], timestamp: now() });
    const sent = signRequest(anEvent(), profiles[name], signing);
    const request = incoming(signing.url, sent.body, sent.headers);
    expect(await accepts[name](request, NEW_SECRET)).toBe(true);
    expect(await accepts[name](request, OLD_SECRET)).toBe(false);
  });

  it("reach the holder of either secret of a rotation within two attempts; where a 401 is final, the newest's at once", async () => {
    const acceptedBy = (held: string) =>
      Promise.all(
        [1, 2].map(async (attemptNumber) => {
          const signing = aSigning({ secrets: [NEW_SECRET, OLD_SECRET], timestamp: now(), attemptNumber });
          const sent = signRequest(anEvent(), profiles[name], signing);
          return await accepts[name](incoming(signing.url, sent.body, sent.headers), held);
        }),
      );
    if (profiles[name].isFinal(401)) expect(await acceptedBy(NEW_SECRET)).toEqual([true, true]);
    else for (const held of [NEW_SECRET, OLD_SECRET]) expect(await acceptedBy(held)).toContain(true);
  });
});
