/** Secrets that a command is given, rightly or by mistake, and that it must not say again: also not when it refuses. */
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { signedFixture } from "../../src/testing/signed-fixture.ts";
import { type Canaries, canary, found, signingSecret } from "../support/canaries.ts";
import { LOOPBACK_VARIABLES, runCommand, startCommand, type Variables } from "../support/command.ts";
import { post } from "../support/post.ts";
import { startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

/** What a service that can start is told; a case spoils some of it. */
const VARIABLES: Variables = {
  REDIS_URL: "redis://127.0.0.1:1",
  WEBHOOK_URL: "https://example.com/",
  WEBHOOK_SECRET: "s".repeat(40),
};

async function expectUnsaid(secrets: Canaries, words: readonly string[], variables: Variables, code: number) {
  const { stdout, stderr, code: ended } = await runCommand(words, variables);
  expect(ended, stderr).toBe(code);
  expect(stdout + stderr).not.toBe("");
  expect(found(secrets, stdout + stderr)).toEqual([]);
}

describe("a configuration that is refused at start", () => {
  it.each([
    [
      "WEBHOOK_URL with http",
      (a: string, b: string) => ({ WEBHOOK_URL: `http://u:${a}@example.com/?t=${b}` }),
    ],
    ["WEBHOOK_URL with a misspelt scheme", (a, b) => ({ WEBHOOK_URL: `htps://u:${a}@example.com/${b}` })],
    ["WEBHOOK_URL without a scheme", (a, b) => ({ WEBHOOK_URL: `${a}:${b}@example.com` })],
    [
      "HOOKWAVE_URL with a user and a query",
      (a, b) => ({ HOOKWAVE_URL: `https://u:${a}@h.example/?k=${b}` }),
    ],
    ["REDIS_URL with a misspelt scheme", (a, b) => ({ REDIS_URL: `reds://:${a}@h.example?password=${b}` })],
    ["encryption keys", (a, b) => ({ HOOKWAVE_ENCRYPTION_KEY: a, HOOKWAVE_ENCRYPTION_KEY_PREVIOUS: b })],
    ["HOOKWAVE_API_KEY", (a, b) => ({ HOOKWAVE_API_KEY: `${a} ${b}` })],
    ["WEBHOOK_SECRET", (a, b) => ({ WEBHOOK_SECRET: `${a},${b}`.padEnd(4_097, "x") })],
  ] satisfies readonly (readonly [string, (a: string, b: string) => Variables])[])(
    "is told without its secrets: %s",
    async (_what, spoilt) => {
      const secrets = { first: canary(), second: canary() };
      const variables = { ...VARIABLES, ...spoilt(secrets.first, secrets.second) };
      await expectUnsaid(secrets, ["start"], variables, 78);
    },
  );
});

describe("a password that Redis refuses", () => {
  it("is neither in the service's log nor in what a command says", async () => {
    await using redis = await startRedis();
    const admin = new Redis(redis.url);
    await admin.config("SET", "requirepass", canary());
    admin.disconnect();
    const secrets = { password: canary() };
    const wrong = redis.url.replace("//", `//:${secrets.password}@`);
    const variables = {
      ...VARIABLES,
      REDIS_URL: wrong,
      HOOKWAVE_DATA_DIR: redis.dataDir,
      LOG_LEVEL: "trace",
    };
    await using service = startCommand(["start"], variables);
    await until("it has said so", () => /WRONGPASS/.test(service.stdout()));
    expect(found(secrets, service.stdout() + service.stderr())).toEqual([]);
    service.signal("SIGKILL");
    await expectUnsaid(secrets, ["status", "--redis", `${wrong}?password=${secrets.password}`], {}, 1);
  });
});

describe("a secret on the command line", () => {
  it("is not repeated where a header has no colon", async () => {
    const secrets = { token: canary() };
    const header = `Authorization Bearer ${secrets.token}`;
    await expectUnsaid(secrets, ["endpoints", "add", "https://example.com", "--header", header], {}, 64);
  });

  it("is not said by verify, whether it can be used or not", async () => {
    const secrets = { used: signingSecret(), unusable: `whsec_!${canary()}` };
    const { headers, body } = signedFixture({ secrets: [signingSecret()] });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const request = ["POST /hook HTTP/1.1", ...lines, "", body].join("\r\n");
    const judged = await runCommand(["verify", "-", "--secret", secrets.used], {}, request);
    expect(judged).toMatchObject({ code: 1, stdout: expect.stringContaining("SIGNATURE_MISMATCH") });
    expect(found(secrets, judged.stdout + judged.stderr)).toEqual([]);
    await expectUnsaid(secrets, ["verify", "request.http", "--secret", secrets.unusable], {}, 64);
  });

  it("is not said by listen, which shows forged and valid requests, and forwards them", async () => {
    const secrets = { used: signingSecret(), password: canary() };
    const to = `http://u:${secrets.password}@127.0.0.1:1/hook`;
    const words = ["listen", "--port", "0", "--secret", secrets.used, "--forward-to", to];
    await using listener = startCommand(words, LOOPBACK_VARIABLES);
    const url = await until("it listens", () => /http:\/\/127\.0\.0\.1:\d{2,}/.exec(listener.stdout())?.[0]);
    await post(`${url}/hook`, signedFixture({ secrets: [signingSecret()] }));
    await post(`${url}/hook`, signedFixture({ secrets: [secrets.used], id: "evt_valid" }));
    await until("both are shown", () => /INVALID[\s\S]*evt_valid/.test(listener.stdout()));
    listener.interrupt();
    await listener.ended();
    expect(found(secrets, listener.stdout() + listener.stderr())).toEqual([]);
  });
});
