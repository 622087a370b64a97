/** The options that set an endpoint's settings, as the API takes them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { send } from "../support/api.ts";
import { say } from "../support/say.ts";
import { startWebhookService, WEBHOOKS, type WebhookService } from "../support/webhooks.ts";

let service: WebhookService;
beforeAll(async () => {
  service = await startWebhookService();
});
afterAll(() => service[Symbol.asyncDispose]());

const URL = "https://example.com/hook";
const add = async (...words: readonly string[]) => {
  const said = await say("endpoints", "add", URL, ...words, "--api", service.api.url, "--json");
  return { ...said, json: JSON.parse(said.stdout || said.stderr) };
};

describe("endpoints add", () => {
  it("sets every setting there is, and prints what the API answered", async () => {
    const { json } = await add(
      ...["--id", "whole", "--events", "job.*, model.registered", "--profile", "hokusai"],
      ...["--further-profile", "github", "--further-profile", "stripe", "--bare-signature"],
      ...[
        "--replay-protection",
        "--signature-header",
        "Acme-Signature",
        "--secret",
        "one",
        "--secret",
        "two",
      ],
      ...["--header", "X-Team: growth", "--signs-destinations", "--timeout", "2500ms", "--max-retries", "3"],
      ...["--retry-schedule", "standard-webhooks", "--max-in-flight", "3", "--rate-limit", "100/1m"],
      ...["--description", "a note", "--metadata", "team=search", "--metadata", "tier=a=b", "--disabled"],
    );
    expect(json).toMatchObject({
      id: "whole",
      events: ["job.*", "model.registered"],
      profile: "hokusai",
      further_profiles: ["github", "stripe"],
      signature_prefix: false,
      replay_protection: true,
      signature_header: "Acme-Signature",
      secret: "one",
      secrets: [{ expires_at: null }, { expires_at: null }],
      headers: { "X-Team": "••••" },
      signs_destinations: true,
      timeout_seconds: 2.5,
      max_retries: 3,
      retry_schedule: ["5s", "5m", "30m"],
      max_in_flight: 3,
      rate_limit: { count: 100, per_seconds: 60 },
      description: "a note",
      metadata: { team: "search", tier: "a=b" },
      is_active: false,
    });
    const { secret, ...webhook } = json;
    expect((await send(service.api, "GET", `${WEBHOOKS}/whole`)).body).toEqual(webhook);
  });

  it("gives an endpoint that it replaces what is given, and the default for all else, and says so", async () => {
    const id = await service.make({ rate_limit: { count: 1, per_seconds: 1 }, metadata: { a: "b" } });
    const said = await say(
      "endpoints",
      "add",
      URL,
      "--id",
      id,
      "--rate-limit",
      "5/s",
      "--api",
      service.api.url,
    );
    expect(said.stdout).toMatch(/^replaced as a whole; what was not given has its default\n/);
    expect(await service.hookwave.endpoints.get(id)).toMatchObject({
      rateLimit: { count: 5, perMs: 1_000 },
      metadata: {},
      isActive: true,
    });
    expect(await add("--id", id, "--disabled")).toMatchObject({
      json: { is_active: false, rate_limit: null },
    });
  });

  it("is refused with everything that is out of its bounds at once, in the options' words", async () => {
    const { code, json } = await add("--max-in-flight", "0", "--timeout", "6m", "--metadata", "a b=c");
    expect(json.error).toMatchObject({
      code: "USAGE",
      expected: expect.stringMatching(/^--timeout with .*; --max-in-flight with .*; --metadata with /),
      got: '"6m"; "0"; "a b=c"',
    });
    expect(code).toBe(64);
  });
});
