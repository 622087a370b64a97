/** The command as a person uses it: a real service, a real Redis, a real receiver. */
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { publicKeyOf } from "../../src/index.ts";
import {
  apiUrl,
  connected,
  freshDirectory,
  LOOPBACK_VARIABLES,
  runCommand,
  runForJson,
  startCommand,
} from "../support/command.ts";
import { type Received, startReceiver } from "../support/receiver.ts";
import { secretOf } from "../support/secret-of.ts";
import { startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";
import { startWebhookService } from "../support/webhooks.ts";

const OWN_SECRET = secretOf("own");

function verify(secret: string, request: Received | undefined): unknown {
  const headers = JSON.parse(JSON.stringify(request?.headers));
  return new Webhook(secret).verify(String(request?.body), headers);
}

describe("a running service and the commands", () => {
  it("meet at its API: added, published, delivered and verified; SIGTERM ends it with 0", async () => {
    await using directory = await freshDirectory();
    await using receiver = await startReceiver();
    await using service = startCommand(["start"], {
      ...LOOPBACK_VARIABLES,
      HOOKWAVE_DATA_DIR: directory.path,
    });
    await connected(service);
    const variables = { HOOKWAVE_URL: await apiUrl(service) };

    const added = await runForJson(["endpoints", "add", receiver.url, "--events", "invoice.*"], variables);
    const data = '{"total": 12345678901234567890, "b":1, "a":"\\u00e9"}';
    const fromStdin = await runForJson(["publish", "invoice.paid", "-"], variables, `${data}\n`);
    await receiver.received(1);
    const path = join(directory.path, "event.json");
    await writeFile(path, data);
    const fromFile = await runForJson(["publish", "invoice.paid", `@${path}`, "--id", "evt_mine"], variables);
    const [first, second] = await receiver.received(2);

    expect(receiver.ids()).toEqual([fromStdin.id, "evt_mine"]);
    expect(fromFile).toEqual({ id: "evt_mine" });
    expect(String(first?.body)).toContain(`"data":${data}}`);
    expect(String(second?.body)).toContain(`"data":${data}}`);
    expect(verify(added.secret, first)).toMatchObject({ type: "invoice.paid" });

    service.signal("SIGTERM");
    expect(await service.ended()).toBe(0);
    expect(await readdir(directory.path)).not.toContain("redis.json");
    const afterwards = await runCommand(["status", "--json"], variables);
    expect(afterwards.code).toBe(1);
    expect(JSON.parse(afterwards.stderr)).toMatchObject({
      error: { code: "API_UNAVAILABLE", got: "ECONNREFUSED" },
    });
  });

  it("never show a secret again, nor the value of a header", async () => {
    await using directory = await freshDirectory();
    await using redis = await startRedis();
    const variables = { ...LOOPBACK_VARIABLES, HOOKWAVE_DATA_DIR: directory.path };
    const there = ["--redis", redis.url];
    await using service = startCommand(["start", "--role", "worker"], { ...variables, REDIS_URL: redis.url });
    await connected(service);
    const add = ["endpoints", "add", "http://127.0.0.1:8080/hook", "--header", "X-Api-Key: hush-hush"];
    const added = await runForJson([...add, "--secret", OWN_SECRET, "--id", "mine", ...there], variables);

    const listed = await runForJson(["endpoints", "list", ...there], variables);
    const table = await runCommand(["endpoints", "list", ...there], variables);

    expect(added).toMatchObject({ secret: OWN_SECRET, secrets: [{ expires_at: null }] });
    expect(listed).toMatchObject({ data: [{ id: "mine", headers: { "X-Api-Key": "••••" } }], next: null });
    for (const secret of [OWN_SECRET, "hush-hush"])
      expect(JSON.stringify(listed) + table.stdout).not.toContain(secret);
    expect(table.stdout).toMatch(/mine +http:\/\/127\.0\.0\.1:8080\/hook +\* +standard +•••• +active/);
  });

  it("bury, show, replay under the same webhook-id, count and purge", async () => {
    await using directory = await freshDirectory();
    await using redis = await startRedis();
    await using receiver = await startReceiver(500);
    const variables = { ...LOOPBACK_VARIABLES, HOOKWAVE_DATA_DIR: directory.path };
    const there = ["--redis", redis.url];
    await using service = startCommand(["start"], { ...variables, REDIS_URL: redis.url });
    await connected(service);
    const add = ["endpoints", "add", receiver.url, "--id", "shaky", "--retry-schedule", "none", ...there];
    await runForJson(add, variables);
    const buried = (count: number): Promise<unknown> =>
      until(
        "it is buried",
        () => service.log().filter(({ msg }) => msg === "delivery.buried").length === count,
      );

    const { id } = await runForJson(["publish", "invoice.paid", '{"n": 1.0}', ...there], variables);
    await buried(1);
    const { data, total } = await runForJson(["dead-letters", "list", ...there], variables);
    expect(data).toMatchObject([{ reason: "exhausted", event_type: "invoice.paid", attempt_count: 1 }]);
    expect(total).toBe(1);

    const [letter] = data;
    const shown = await runCommand(["dead-letters", "show", letter.id, "--json", ...there], variables);
    expect(shown.stdout, "with the data's own bytes").toContain('"data":{"n": 1.0}');
    expect(JSON.parse(shown.stdout)).toMatchObject({
      event_id: id,
      attempts: [{ attempt_number: 1, outcome: "refused", status: 500 }],
    });

    receiver.replies(200);
    await runForJson(["dead-letters", "replay", letter.id, ...there], variables);
    await receiver.received(2);
    expect(receiver.ids()).toEqual([id, id]);

    receiver.replies(500);
    await runForJson(["publish", "invoice.paid", "{}", ...there], variables);
    await buried(2);
    const queueCounts = await runForJson(["status", ...there], variables);
    expect(queueCounts).toMatchObject({ new: { depth: 0 }, retrying: { depth: 0 }, dead: { depth: 1 } });
    expect(queueCounts.dead.oldest_age_ms).toBeGreaterThan(0);
    expect(await runForJson(["dead-letters", "replay", "--all", ...there], variables)).toMatchObject({
      replayed: 1,
      failed: 0,
    });
    await buried(3);
    expect(await runForJson(["dead-letters", "purge", "--yes", ...there], variables)).toEqual({ purged: 1 });
    expect((await runForJson(["dead-letters", "list", ...there], variables)).total).toBe(0);
  });
});

describe("endpoints add", () => {
  const PRIVATE_KEY =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
  const PUBLIC_KEY = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

  it("takes several profiles, key pairs and a signer of destinations, and shows public keys for receivers", async () => {
    await using redis = await startRedis();
    const key = Buffer.alloc(32, 1).toString("base64");
    const variables = { HOOKWAVE_ENCRYPTION_KEY: key };
    const there = ["--redis", redis.url];
    const add = ["endpoints", "add", "https://example.com/hook", ...there];
    const moving = ["--profile", "klipstream", "--further-profile", "github", "--further-profile", "stripe"];

    const moved = await runForJson([...add, ...moving, "--signature-header", "Acme-Signature"], variables);
    const paired = await runForJson([...add, "--ed25519"], variables);
    const given = await runCommand([...add, "--secret", PRIVATE_KEY], variables);
    const signer = await runForJson([...add, "--events", "", "--signs-destinations"], variables);
    const rotated = await runCommand(["endpoints", "rotate", paired.id, ...there], variables);
    const refused = await runCommand([...add, "--ed25519", "--profile", "github"], variables);
    const table = await runCommand(["endpoints", "list", ...there], variables);

    expect(moved).toMatchObject({ profile: "klipstream", further_profiles: ["github", "stripe"] });
    expect(moved).toMatchObject({ signature_header: "Acme-Signature", public_key: null });
    expect(paired.public_key).toBe(publicKeyOf(paired.secret));
    expect(given.stdout).toContain(`  public key  ${PUBLIC_KEY}\n`);
    expect(given.stdout).toContain("give the receiver the public key");
    const [, secret = ""] = /^ {2}secret +(whsk_\S+)$/m.exec(rotated.stdout) ?? [];
    expect(rotated.stdout).toContain(`  public key  ${publicKeyOf(secret)}\n`);
    expect(rotated.stdout).toContain("give the receiver the public key");
    expect(signer).toMatchObject({ events: [], signs_destinations: true });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("ENDPOINT_INVALID") });
    expect(table.stdout).toContain("klipstream+github+stripe");
  });
});

describe("hookwave endpoints", () => {
  it("switches a receiver and rotates its secret, shown by that command only", async () => {
    await using service = await startWebhookService();
    const variables = { HOOKWAVE_URL: service.api.url };
    await runForJson(["endpoints", "add", "https://example.com/hook", "--id", "one"], variables);

    const disabled = await runCommand(
      ["endpoints", "disable", "one", "--because", "moving house"],
      variables,
    );
    expect(disabled).toMatchObject({ code: 0, stdout: "disabled one: moving house\n" });
    expect((await runForJson(["endpoints", "list"], variables)).data[0]).toMatchObject({
      is_active: false,
      disabled_because: "moving house",
    });
    expect(await runForJson(["endpoints", "enable", "one"], variables)).toMatchObject({ is_active: true });

    const rotate = ["endpoints", "rotate", "one", "--grace", "1h", "--secret", OWN_SECRET];
    const rotated = await runCommand(rotate, variables);
    expect(rotated.stdout.replace(OWN_SECRET, "shown")).toMatch(
      /^rotated one\n {2}secret +shown\n {2}before it +signs until 20/,
    );
    const listed = await runCommand(["endpoints", "list", "--json"], variables);
    expect(listed.stdout).not.toContain(OWN_SECRET);
    expect(JSON.parse(listed.stdout).data[0].secrets).toHaveLength(2);
    const tooLong = await runCommand(["endpoints", "rotate", "one", "--grace", "8d"], variables);
    expect(tooLong.stderr).toMatch(/--grace with 0ms to 7d/);
    expect(tooLong.stderr).toContain('"8d"');
    expect(tooLong.code).toBe(64);
  });
});

describe("hookwave endpoints list", () => {
  it("says who fails, for how long and why, and how much waits for it", async () => {
    await using service = await startWebhookService();
    await using failing = await startReceiver(503);
    const variables = { HOOKWAVE_URL: service.api.url };
    await service.hookwave.endpoints.add({
      id: "well",
      url: "https://example.com/hook",
      events: ["nothing.is"],
    });
    await service.hookwave.endpoints.add({ id: "sick", url: failing.url, retrySchedule: [600_000] });
    await service.hookwave.publish({ type: "thing.made", data: {} });
    const sick = /^ {2}sick .* failing for \d+\.\d s \(HTTP 503\), 1 waits$/m;
    const list = await until("the failure is on record", async () => {
      const { stdout } = await runCommand(["endpoints", "list"], variables);
      return sick.test(stdout) && stdout;
    });

    expect(list).toMatch(/^ {2}well .* active$/m);
    const { data } = await runForJson(["endpoints", "list"], variables);
    const healthOf = (id: string) => data.find((one: { readonly id: string }) => one.id === id).health;
    expect(healthOf("sick")).toMatchObject({ breaker: "closed", waiting: 1, last_error: "HTTP 503" });
    expect(healthOf("well")).toMatchObject({ failing_since: null, last_error: null });
  });
});

describe("a command that cannot be carried out", () => {
  it("ends with 64 and says what was meant", async () => {
    const { code, stdout, stderr } = await runCommand(["dead-letters", "reply", "x"]);
    expect(stderr).toContain('did you mean "dead-letters replay"');
    expect(stdout).toBe("");
    expect(code).toBe(64);
  });

  it("ends with 1 when what it names is not there", async () => {
    await using directory = await freshDirectory();
    await using redis = await startRedis();
    const variables = { HOOKWAVE_DATA_DIR: join(directory.path, "data") };
    const there = ["--redis", redis.url];
    const letter = await runCommand(["dead-letters", "show", "nothing", "--json", ...there], variables);
    const endpoint = await runCommand(["endpoints", "remove", "nothing", ...there], variables);

    expect(JSON.parse(letter.stderr)).toMatchObject({ error: { code: "DEAD_LETTER_UNKNOWN" } });
    expect([letter.code, endpoint.code]).toEqual([1, 1]);
    expect(await readdir(directory.path), "commands leave nothing behind").toEqual([]);
  });

  it("ends with 1 and says where, when no Redis answers", async () => {
    const { code, stderr } = await runCommand(["status", "--redis", "redis://:hush-hush@127.0.0.1:1"]);
    expect(stderr).toContain("redis://127.0.0.1:1");
    expect(stderr).not.toContain("hush-hush");
    expect(code).toBe(1);
  });

  it("refuses to seal a secret with a key that the workers do not have", async () => {
    await using directory = await freshDirectory();
    await using redis = await startRedis();
    const variables = { HOOKWAVE_DATA_DIR: join(directory.path, "other") };
    const add = ["endpoints", "add", "https://example.com/hook", "--redis", redis.url];
    const unknown = await runCommand(add, variables);
    expect(unknown.code).toBe(78);
    expect(unknown.stderr).toContain("HOOKWAVE_ENCRYPTION_KEY");

    const [ours, theirs] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)].map((key) => key.toString("base64"));
    await runForJson(add, { ...variables, HOOKWAVE_ENCRYPTION_KEY: ours ?? "" });
    const other = await runCommand(add, { ...variables, HOOKWAVE_ENCRYPTION_KEY: theirs ?? "" });
    expect(other.stderr).toContain("SECRET_UNREADABLE");
    expect(other.code).toBe(78);
  });
});
