/** What only a process can show of a command: its exit code, its streams, its environment. Others run in the tests' own. */
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { signedFixture } from "../../src/testing/signed-fixture.ts";
import { launchCommand, spawnCommand } from "../support/command.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

describe("the hookwave command as a process", () => {
  it("says its version and ends with 0", async () => {
    const { code, stdout, stderr } = await spawnCommand(["--version"]);
    expect(stdout).toMatch(/\d+\.\d+\.\d+/);
    expect([code, stderr]).toEqual([0, ""]);
  });

  it("says to standard error what it does not understand, and ends with 64", async () => {
    const { code, stdout, stderr } = await spawnCommand(["dead-letters", "reply", "x"]);
    expect(stderr).toContain('did you mean "dead-letters replay"');
    expect([code, stdout]).toEqual([64, ""]);
  });

  it("reads its environment, and ends with 78 where that cannot work", async () => {
    const { code, stdout, stderr } = await spawnCommand(["status"], { HOOKWAVE_PORT: "many" });
    expect(stderr).toContain("HOOKWAVE_PORT: expected");
    expect([code, stdout]).toEqual([78, ""]);
  });

  it("publishes what it is given on standard input, byte for byte", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url });
    const data = '{"total": 12345678901234567890, "b":1, "a":"\\u00e9"}';

    const published = await spawnCommand(
      ["publish", "invoice.paid", "-", "--json", "--redis", redis.url],
      {},
      `${data}\n`,
    );

    const [request] = await receiver.received(1);
    expect(published).toMatchObject({ code: 0, stderr: "" });
    expect(receiver.ids()).toEqual([JSON.parse(published.stdout).id]);
    expect(String(request?.body)).toContain(`"data":${data}}`);
  });

  it("ends with 1 where its answer is no, and says it to standard output", async () => {
    const { url, headers, body } = signedFixture({ secrets: [SECRET] });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const request = [`POST ${new URL(url).pathname} HTTP/1.1`, ...lines, "", `${body} `].join("\r\n");
    const { code, stdout, stderr } = await spawnCommand(["verify", "-", "--secret", SECRET], {}, request);
    expect(stdout).toMatch(/^invalid SIGNATURE_MISMATCH\n/);
    expect([code, stderr]).toEqual([1, ""]);
  });

  it("ends in silence when whoever reads has had enough", async () => {
    const child = launchCommand(["help"]);
    child.stdout.destroy();
    const ended = once(child, "close");
    child.stdin.end();
    expect(await text(child.stderr)).toBe("");
    await ended;
    expect([child.exitCode, child.signalCode]).toEqual([0, null]);
  });
});
