/** `hookwave verify` as somebody uses it who kept a request that puzzles them. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type SignedFixture, signedFixture } from "../../src/testing/signed-fixture.ts";
import { freshDirectory, runCommand } from "../support/command.ts";
import { say } from "../support/say.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER_SECRET = "whsec_XYZd6uBvvTT+nOhI8+X8Q2jy9hKxiu9H8p8hZFY6AUA=";

const dump = ({ url, headers, body }: SignedFixture): string => {
  const { host, pathname } = new URL(url);
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}`);
  return [`POST ${pathname} HTTP/1.1`, ...lines, "", body].join("\r\n");
};

describe("hookwave verify", () => {
  it("says what a valid request from standard input is, and ends with 0", async () => {
    const { code, stdout } = await runCommand(
      ["verify", "-", "--secret", OTHER_SECRET, "--secret", SECRET],
      {},
      dump(signedFixture({ secrets: [SECRET], dataText: '{"n": 12345678901234567890}' })),
    );
    expect(stdout).toMatch(/^valid\n {2}profile +standard\n {2}type +invoice\.paid\n {2}id +evt_fixture\n/);
    expect(code).toBe(0);
  });

  it("says why a request from a file is refused, what to do, and ends with 1; with --json, too", async () => {
    await using directory = await freshDirectory();
    const path = join(directory.path, "request.http");
    await writeFile(path, `${dump(signedFixture({ secrets: [SECRET] }))}\n`);
    const text = await runCommand(["verify", path, "--secret", SECRET]);
    const json = await runCommand(["verify", path, "--secret", SECRET, "--json"]);

    expect(text.stdout).toMatch(
      /^invalid SIGNATURE_MISMATCH\n {2}check +expected a signature of these bytes/,
    );
    expect(text.stdout).toMatch(/\n {2}found +the body has got a line break at its end/);
    expect(JSON.parse(json.stdout)).toMatchObject({
      isValid: false,
      code: "SIGNATURE_MISMATCH",
      advice: [expect.stringContaining("line break")],
    });
    expect([text.code, json.code]).toEqual([1, 1]);
    expect(text.stdout + json.stdout + text.stderr).not.toContain(SECRET.slice(6));
  });

  it("takes the options of the profile that it is told, and refuses those of another", async () => {
    const options = { signatureHeader: "x-mlflow-signature", signedContent: "id.timestamp.body" } as const;
    const kept = dump(signedFixture({ secrets: [SECRET], profile: "hmac", ...options }));
    const asked = ["verify", "-", "--secret", SECRET, "--signed-content", "id.timestamp.body"];
    const named = [...asked, "--signature-header", "x-mlflow-signature", "--profile"];
    const valid = await runCommand([...named, "hmac"], {}, kept);
    expect(valid.stdout).toMatch(/^valid\n {2}profile +hmac\n/);
    const other = await runCommand([...named, "github"], {}, kept);
    expect(other.stderr).toContain("--signature-header beside --profile stripe or hmac");
    expect(other.code).toBe(64);
  });

  it("judges an old request as of now, and as of when it came", async () => {
    await using directory = await freshDirectory();
    const path = join(directory.path, "request.json");
    const signedAt = Date.parse("2026-01-31T12:00:00Z");
    const fixture = signedFixture({ secrets: [SECRET], profile: "ai-core", signedAt });
    await writeFile(path, JSON.stringify(fixture));
    const verify = ["verify", path, "--secret", SECRET, "--profile", "ai-core"];

    const now = await say(...verify);
    const then = await say(...verify, "--at", "2026-01-31T12:04:59Z", "--json");
    const later = await say(...verify, "--at", String(signedAt / 1_000 + 301));

    expect(now.stdout).toContain("invalid TIMESTAMP_TOO_OLD");
    expect(now.stdout).toContain("--at 2026-01-31T12:00:00.000Z");
    expect(JSON.parse(then.stdout)).toMatchObject({ isValid: true, id: "evt_fixture", type: "invoice.paid" });
    expect(later.stdout).toContain("one 301 s ago");
    expect([now.code, then.code, later.code]).toEqual([1, 0, 1]);
  });

  it("takes the sender's URL from the capture, and believes --url more", async () => {
    await using directory = await freshDirectory();
    const path = join(directory.path, "request.http");
    await writeFile(
      path,
      dump(signedFixture({ secrets: [SECRET], profile: "ai-core", url: "http://a.example/x" })),
    );
    const verify = ["verify", path, "--secret", SECRET, "--profile", "ai-core"];
    expect((await say(...verify)).stdout).toContain("signed for http://a.example/x: say so with --url");
    expect((await say(...verify, "--url", "http://a.example/x")).stdout).toMatch(/^valid/);
  });

  it("notices a capture that is not whole, and shows nothing that a terminal would obey", async () => {
    await using directory = await freshDirectory();
    const path = join(directory.path, "request.http");
    const fixture = signedFixture({ secrets: [SECRET] });
    const headers = { ...fixture.headers, "content-length": String(fixture.body.length) };
    await writeFile(path, dump({ ...fixture, headers, body: fixture.body.slice(0, 20) }));
    expect((await say("verify", path, "--secret", SECRET)).stdout).toContain(
      `only 20 of ${fixture.body.length} bytes`,
    );
    const hostile = { type: "\u001b[2Jgone", data: {} };
    const signed = signedFixture({ profile: "stripe", secrets: ["s"], dataText: JSON.stringify(hostile) });
    await writeFile(path, dump(signed));
    const { stdout } = await say("verify", path, "--secret", "s", "--profile", "stripe");
    expect(stdout).toContain("·[2Jgone");
  });
});
