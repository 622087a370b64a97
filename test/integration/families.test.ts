/** Every known event, delivered in its own family's profile to a receiver that knows nothing of our code. */
import { describe, expect, it } from "vitest";
import { catalogue } from "../../src/catalogue/catalogue.ts";
import { PROFILE_NAMES, type ProfileName } from "../../src/core/endpoint.ts";
import { OPERATOR_EVENT_TYPES } from "../../src/core/operator-event.ts";
import { publicKeyOf } from "../../src/index.ts";
import { accepts, acceptsEd25519, incoming } from "../support/family-receivers.ts";
import { storedLetters } from "../support/letters.ts";
import { type Received, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const AT = "2026-01-31T12:00:00Z";

interface Family {
  readonly profile: ProfileName;
  /** The event types that this family's system publishes. */
  readonly types: readonly string[];
  /** The body a receiver of the family expects of an event's data. */
  readonly bodyOf: (id: string, type: string, data: object) => object;
}

const typesOf = (...starts: readonly string[]): readonly string[] =>
  Object.keys(catalogue).filter((type) => starts.some((start) => type.startsWith(start)));

const asItIs = (_id: string, _type: string, data: object): object => data;

const FAMILIES: readonly Family[] = [
  { profile: "hokusai", types: typesOf("model."), bodyOf: asItIs },
  { profile: "llm-service", types: typesOf("workflow.", "llm."), bodyOf: asItIs },
  {
    profile: "klipstream",
    types: typesOf("job."),
    bodyOf: (_id, event, data) => ({ event, timestamp: AT, ...data }),
  },
  {
    profile: "ai-core",
    types: typesOf("task_"),
    bodyOf: (event_id, event_name, event_payload) => ({ event_id, event_name, event_payload }),
  },
];

const asIncoming = (url: string, { headers, body }: Received) => incoming(url, String(body), headers);

describe("the known events", () => {
  it("belong to one of the four families each, but for our own", () => {
    const own: readonly string[] = ["webhook.test", ...OPERATOR_EVENT_TYPES];
    const known = Object.keys(catalogue).filter((type) => !own.includes(type));
    expect(FAMILIES.flatMap(({ types }) => types).toSorted()).toEqual(known.toSorted());
  });

  it.each(FAMILIES)(
    "of $profile are validated, delivered and accepted",
    async ({ profile, types, bodyOf }) => {
      await using redis = await startRedis();
      await using receiver = await startReceiver();
      await using hookwave = await startHookwave(redis);
      await hookwave.endpoints.add({ url: receiver.url, profile, events: types, secrets: [SECRET] });
      const known = new Map(Object.entries(catalogue).filter(([type]) => types.includes(type)));

      const events = [...known].map(([type, { example }]) => ({
        id: `evt_${type.replaceAll(".", "_")}`,
        type,
        timestamp: AT,
        dataText: JSON.stringify(example),
      }));
      await hookwave.publishMany(events);

      const requests = await receiver.received(types.length);
      const byId = new Map(requests.map((one) => [one.headers["webhook-id"], asIncoming(receiver.url, one)]));
      for (const { id, type, dataText } of events) {
        const request = byId.get(id) ?? incoming("", "", {});
        expect(await accepts[profile](request, SECRET)).toBe(true);
        expect(await accepts.standard(request, SECRET)).toBe(true);
        expect(JSON.parse(request.body)).toEqual(bodyOf(id, type, JSON.parse(dataText)));
      }
    },
  );
});

describe("an endpoint", () => {
  it("in the middle of a move is accepted by the receivers of all its profiles", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    const furtherProfiles = PROFILE_NAMES.filter((name) => name !== "klipstream");
    await hookwave.endpoints.add({
      url: receiver.url,
      profile: "klipstream",
      furtherProfiles,
      secrets: [SECRET],
    });

    await hookwave.publish({ type: "job.started", data: { job_id: "j", video_id: "v" } });

    const [request] = await receiver.received(1);
    for (const name of PROFILE_NAMES)
      expect(request && (await accepts[name](asIncoming(receiver.url, request), SECRET))).toBe(true);
  });

  it("with a key pair is verified with the public key alone", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    const { secrets } = await hookwave.endpoints.add({ url: receiver.url, ed25519: true });
    const publicKey = publicKeyOf(secrets[0]?.value ?? "");

    await hookwave.publish({ type: "thing.made", data: {} });

    const [request] = await receiver.received(1);
    expect(request && acceptsEd25519(asIncoming(receiver.url, request), publicKey)).toBe(true);
  });

  it("of the ai-core family gives a 4xx up at once, 429 included, and retries a 5xx", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(503, 429);
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url, profile: "ai-core", retrySchedule: [10, 10, 10] });

    await hookwave.publish({ type: "thing.made", data: {} });

    await receiver.received(2);
    const letters = () => storedLetters(hookwave);
    await until("it is given up", async () => (await letters()).length > 0);
    const [stored] = await letters();
    expect(stored?.letter).toMatchObject({
      because: "final_status",
      delivery: { attempts: [{ status: 503 }, { status: 429 }] },
    });
  });
});
