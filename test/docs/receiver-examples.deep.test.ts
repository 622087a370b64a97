import { describe, expect, it } from "vitest";
import { signedFixture } from "../../src/testing/signed-fixture.ts";
import { isInstalled, startExample } from "../support/example-process.ts";
import { say } from "../support/say.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OLD_SECRET = "whsec_XYZd6uBvvTT+nOhI8+X8Q2jy9hKxiu9H8p8hZFY6AUA=";

const node = (file: string): readonly string[] => [process.execPath, file];

const EXAMPLES = [
  { name: "Express", command: node("examples/express.ts"), path: "/hook", profile: "standard" },
  { name: "Fastify", command: node("examples/fastify.ts"), path: "/hook", profile: "hokusai" },
  { name: "Hono", command: node("examples/hono.ts"), path: "/hook", profile: "standard" },
  { name: "Next.js", command: node("examples/nextjs/serve.ts"), path: "/api/hook", profile: "standard" },
  { name: "Python", command: ["python3", "examples/python/receiver.py"], path: "/hook", profile: "standard" },
  { name: "Go", command: ["go", "run", "examples/go/main.go"], path: "/hook", profile: "standard" },
] as const;

/** Go compiles for half a minute, on all cores. */
const runnable = EXAMPLES.filter(({ command: [program] }) => isInstalled(program));

describe.each(runnable)("the receiver in $name", ({ command, path, profile }) => {
  const secrets = { WEBHOOK_SECRET: SECRET, WEBHOOK_SECRET_PREVIOUS: OLD_SECRET };
  const data = { model_id: "m-1" };

  it("handles what the sender delivers, with the new secret and with the old one", async () => {
    await using example = await startExample(command, secrets);
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    const url = `http://127.0.0.1:${example.port}${path}`;
    for (const secret of [SECRET, OLD_SECRET])
      await hookwave.endpoints.add({
        url,
        profile,
        secrets: [secret],
        events: [secret === SECRET ? "a.new" : "model.registered"],
      });

    const ids: string[] = [];
    for (const type of ["a.new", "model.registered"]) ids.push((await hookwave.publish({ type, data })).id);

    await until("both are handled", () =>
      ids.every((id) => example.printed().some((line) => line.endsWith(` ${id}`))),
    );
    const attempts = () => hookwave.happenings.filter(({ kind }) => kind === "attempt.finished");
    await until("both attempts are told of", () => attempts().length === 2);
    const delivered = { record: { outcome: "delivered", status: 200 } };
    expect(attempts()).toMatchObject([delivered, delivered]);
  }, 120_000);

  it("handles an event once, and refuses what was changed, signed by another or is old", async () => {
    await using example = await startExample(command, secrets);
    const url = `http://127.0.0.1:${example.port}${path}`;
    const post = async ({ body, headers }: { body: string; headers: Readonly<Record<string, string>> }) => {
      const response = await fetch(url, { method: "POST", body, headers });
      await response.arrayBuffer();
      return response.status;
    };
    const variant = { profile, data, secrets: [SECRET], replayProtection: true } as const;
    const request = signedFixture({ ...variant, id: "evt_twice" });

    expect([await post(request), await post(request)]).toEqual([200, 200]);
    expect(await post({ ...request, body: `${request.body} ` })).toBe(401);
    expect(await post(signedFixture({ ...variant, secrets: ["another"] }))).toBe(401);
    expect(await post(signedFixture({ ...variant, signedAt: Date.now() - 301_000 }))).toBe(401);
    expect(await post(signedFixture({ ...variant, signedAt: Date.now() + 302_000 }))).toBe(401);
    expect(await post({ ...request, headers: {} })).toBe(401);
    expect(example.printed().filter((line) => line.startsWith("handled "))).toEqual([
      `handled ${profile === "hokusai" ? "model.registered" : "invoice.paid"} evt_twice`,
    ]);
  }, 120_000);

  it("passes what `hookwave certify` asks of it", async () => {
    await using example = await startExample(command, secrets);
    const url = `http://127.0.0.1:${example.port}${path}`;
    const variant = profile === "hokusai" ? ["--replay-protection"] : [];
    const certify = () => say("certify", url, "--secret", SECRET, "--profile", profile, ...variant);
    const first = await certify();
    // On a busy machine its very first answer may take more than the second that is allowed.
    const { stdout, code } = first.stdout.includes("warn  the slowest answer") ? await certify() : first;
    expect(stdout).toContain("8 passed, 0 warned, 0 failed");
    expect(code).toBe(0);
  }, 120_000);
});
