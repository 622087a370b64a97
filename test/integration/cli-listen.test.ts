/** `hookwave listen`: what a developer sees of real deliveries and of forged ones. */
import { describe, expect, it } from "vitest";
import { signedFixture } from "../../src/testing/signed-fixture.ts";
import { type RunningCommand, runCommand, startCommand } from "../support/command.ts";
import { post } from "../support/post.ts";
import { startReceiver } from "../support/receiver.ts";
import { say } from "../support/say.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";
import { startWebhookService } from "../support/webhooks.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER_SECRET = "whsec_XYZd6uBvvTT+nOhI8+X8Q2jy9hKxiu9H8p8hZFY6AUA=";

const urlOf = (command: RunningCommand): Promise<string> =>
  until("it listens", () => /http:\/\/127\.0\.0\.1:\d+/.exec(command.stdout())?.[0]);

describe("hookwave listen", () => {
  it("shows each delivery of the real sender and each forged request, and sums up at Ctrl-C", async () => {
    await using listener = startCommand([
      "listen",
      "--port",
      "0",
      "--secret",
      OTHER_SECRET,
      "--secret",
      SECRET,
    ]);
    const url = `${await urlOf(listener)}/hook`;
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url, secrets: [SECRET] });

    const { id } = await hookwave.publish({ type: "invoice.paid", dataText: '{"n": 12345678901234567890}' });
    await until("it is delivered", () => listener.stdout().includes(id));
    const forged = await post(
      url,
      signedFixture({ secrets: ["whsec_forged+signing+secret+here+forged+AA="] }),
    );

    expect(forged.status).toBe(401);
    expect(await forged.json()).toMatchObject({ status: 401, code: "SIGNATURE_MISMATCH" });
    await until("it is shown", () => listener.stdout().includes("INVALID"));
    expect(listener.stdout()).toMatch(new RegExp(` {2}valid {2}invoice\\.paid {2}${id} {2}→ 204 in \\d+ ms`));
    expect(listener.stdout()).toContain('"data":{"n": 12345678901234567890}}');
    expect(listener.stdout()).toMatch(
      /INVALID {2}SIGNATURE_MISMATCH {2}→ 401 in \d+ ms\n +POST \/hook, 1\d\d bytes/,
    );
    expect(listener.stdout()).toContain("do: compare the secrets");
    listener.interrupt();
    expect(await listener.ended()).toBe(0);
    expect(listener.stdout()).toMatch(
      /\n2 requests in .*\n {2}valid +1\n {2}invalid +1 +SIGNATURE_MISMATCH × 1\n/,
    );
    expect(listener.stdout() + listener.stderr()).not.toMatch(/MfKQ9r8GKYqr|XYZd6uBvvTT/);
  });

  it("with --events makes an endpoint of its own, shows its secret, and removes it at the end", async () => {
    await using service = await startWebhookService();
    const variables = { HOOKWAVE_URL: service.api.url };
    await using listener = startCommand(
      ["listen", "--port", "0", "--events", "invoice.*,order.paid"],
      variables,
    );
    const said = /comes here as endpoint (ep_\S+), which is removed at the end\nits secret: (whsec_\S+)/;
    const [, id = "", secret = ""] = await until("it has an endpoint", () => said.exec(listener.stdout()));
    expect(await service.hookwave.endpoints.get(id)).toMatchObject({
      events: ["invoice.*", "order.paid"],
      secrets: [{ value: secret }],
    });
    const { id: event } = await service.hookwave.publish({ type: "invoice.paid", data: {} });
    await until("it came, and is valid", () => listener.stdout().includes(`valid  invoice.paid  ${event}`));
    listener.interrupt();
    expect(await listener.ended()).toBe(0);
    expect(await service.hookwave.endpoints.list()).toEqual([]);
  });

  it("with --events and a service that may not deliver to this machine, says what that needs", async () => {
    await using service = await startWebhookService({ allowHttp: false, allowPrivateNetworks: [] });
    const words = ["listen", "--port", "0", "--events", "*"];
    const { code, stderr } = await runCommand(words, { HOOKWAVE_URL: service.api.url });
    expect(code).toBe(1);
    expect(stderr).toContain("ALLOW_HTTP");
  });

  it("with --json says one line per request, which hookwave verify takes for a capture", async () => {
    await using listener = startCommand([
      "listen",
      "--port",
      "0",
      "--secret",
      SECRET,
      "--profile",
      "ai-core",
      "--json",
    ]);
    const url = `${await urlOf(listener)}/callbacks?task=1`;
    const fixture = signedFixture({ profile: "ai-core", secrets: [SECRET], url });
    expect((await post(url, fixture)).status).toBe(204);
    expect((await post(url, { ...fixture, body: `${fixture.body}\n` })).status).toBe(401);
    const [opening, valid, invalid] = await until("both are told", () =>
      listener.log().length === 3 ? listener.log() : null,
    );
    listener.signal("SIGTERM");
    expect(await listener.ended()).toBe(0);
    const summary = listener.log()[3];

    expect(opening).toMatchObject({ kind: "listening", profile: "ai-core", forwardedTo: null });
    expect(valid).toMatchObject({ kind: "request", isValid: true, id: "evt_fixture", copy: 1 });
    expect(valid).toMatchObject({ answer: { status: 204, because: "verified" }, isAnswerTaken: true });
    expect(invalid).toMatchObject({ isValid: false, code: "DIGEST_MISMATCH", answer: { status: 401 } });
    expect(invalid?.["advice"]).toEqual([expect.stringContaining("line break")]);
    expect(summary).toMatchObject({
      kind: "summary",
      requests: 2,
      events: 1,
      failedChecks: { DIGEST_MISMATCH: 1 },
    });
    const judge = ["verify", "-", "--secret", SECRET, "--profile", "ai-core", "--json"];
    const again = await runCommand(judge, {}, JSON.stringify(valid));
    expect(JSON.parse(again.stdout)).toMatchObject({ isValid: true, id: "evt_fixture" });
    expect(JSON.stringify(listener.log())).not.toContain(SECRET.slice(6));
  });

  it("is refused a port that is taken, and a server to forward to that is itself", async () => {
    await using receiver = await startReceiver();
    const { port } = new URL(receiver.url);
    const taken = await say("listen", "--port", port, "--secret", SECRET);
    expect(taken).toMatchObject({ code: 78, stderr: expect.stringContaining("EADDRINUSE") });
    const itself = [
      "listen",
      "--port",
      "4321",
      "--secret",
      SECRET,
      "--forward-to",
      "http://localhost:4321/x",
    ];
    expect(await say(...itself)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("another --port"),
    });
  });
});
