/** `hookwave certify` against receivers as they are written: good ones of each family, and each common mistake. */
import { createHmac } from "node:crypto";
import type { RequestListener } from "node:http";
import { buffer } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { PROFILE_NAMES } from "../../src/core/endpoint.ts";
import type { ReceiverOptions } from "../../src/receiver/answer.ts";
import { expressReceiver } from "../../src/receiver/express.ts";
import { createInbox } from "../../src/receiver/inbox.ts";
import { createMemoryStore } from "../../src/receiver/inbox-store.ts";
import type { WebhookEvent } from "../../src/receiver/webhook-event.ts";
import { runCommand } from "../support/command.ts";
import { startReceiver } from "../support/receiver.ts";
import { listen, type ReceivingServer } from "../support/receiving-servers.ts";
import { say } from "../support/say.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

interface GoodReceiver extends ReceivingServer {
  readonly handled: readonly WebhookEvent[];
}

/** As docs/receiving.md tells everybody to write one. */
async function startGood(
  options: Omit<ReceiverOptions, "inbox" | "secrets"> = {},
  handler: (event: WebhookEvent) => unknown = () => undefined,
): Promise<GoodReceiver> {
  const handled: WebhookEvent[] = [];
  const inbox = createInbox({
    store: createMemoryStore(),
    handler: async (event) => {
      handled.push(event);
      await handler(event);
    },
  });
  const server = await listen((request, response) => {
    const targetUri = `http://${request.headers.host}${request.url}`;
    const receive = expressReceiver({ inbox, secrets: SECRET, targetUri, ...options });
    receive(request, response, () => response.writeHead(500).end());
  });
  return { ...server, handled };
}

/** What certify says of a receiver, as a program reads it. */
async function certify(url: string, ...options: readonly string[]) {
  const { code, stdout, stderr } = await say("certify", url, "--secret", SECRET, "--json", ...options);
  if (stdout === "") throw new Error(stderr);
  const { checks, ...rest } = JSON.parse(stdout);
  const grades: Record<string, string> = {};
  const advice: Record<string, string> = {};
  for (const one of checks) {
    grades[one.check] = one.grade;
    advice[one.check] = one.advice ?? "";
  }
  return { code, grades, advice, ...rest };
}

const REFUSALS = [
  "one signed with another secret",
  "one changed after it was signed",
  "one without a signature",
  "one signed an hour ago",
];
const ACCEPTANCES = ["a valid request", "the same event twice", "256 KiB of data", "the slowest answer"];
const [FORGED = "", CHANGED = "", UNSIGNED = "", STALE = ""] = REFUSALS;
const [VALID = "", TWICE = "", BIG = "", SLOWEST = ""] = ACCEPTANCES;

describe("hookwave certify", () => {
  it("passes a good receiver, on loopback without any permission, and ends with 0", async () => {
    await using receiver = await startGood();
    const { code, stdout, stderr } = await runCommand(["certify", receiver.url, "--secret", SECRET]);
    expect(stderr).toBe("");
    expect(stdout.match(/^ {2}pass {2}/gm)).toHaveLength(8);
    expect(stdout).toMatch(/\n {2}pass {2}one signed with another secret +401 +\d+ ms\n/);
    expect(stdout).toContain("8 passed, 0 warned, 0 failed");
    expect(code).toBe(0);
    expect(stdout).not.toContain(SECRET.slice(6));
    // The valid one, the one that came twice, and the big one.
    expect(new Set(receiver.handled.map(({ id }) => id)).size).toBe(3);
    expect(receiver.handled).toHaveLength(3);
  });

  it.each(PROFILE_NAMES)("passes a good receiver of %s", async (profile) => {
    await using receiver = await startGood({ profile });
    const { code, failed, warned, grades } = await certify(receiver.url, "--profile", profile);
    expect({ code, failed, warned }).toEqual({ code: 0, failed: 0, warned: 0 });
    const signsTime = ["standard", "ai-core", "stripe"].includes(profile);
    expect(Object.keys(grades)).toHaveLength(signsTime ? 8 : 7);
  });

  it("passes receivers that want a variant: replay protection, another header, a key pair", async () => {
    await using hokusai = await startGood({ profile: "hokusai" });
    const protectedOnes = await certify(
      hokusai.url,
      "--profile",
      "hokusai",
      "--replay-protection",
      "--bare-signature",
    );
    expect(protectedOnes).toMatchObject({ code: 0, grades: { [STALE]: "pass" } });
    await using stripe = await startGood({ profile: "stripe", signatureHeader: "Acme-Check" });
    const renamed = await certify(stripe.url, "--profile", "stripe", "--signature-header", "Acme-Check");
    expect(renamed).toMatchObject({ code: 0, grades: { [UNSIGNED]: "pass" } });
    await using own = await startGood({
      profile: "hmac",
      signatureHeader: "x-mlflow",
      signedContent: "timestamp.body",
    });
    const options = ["--signature-header", "x-mlflow", "--signature-encoding", "base64"];
    const named = await certify(
      own.url,
      "--profile",
      "hmac",
      ...options,
      "--signed-content",
      "timestamp.body",
    );
    expect(named).toMatchObject({ code: 0, failed: 0, grades: { [UNSIGNED]: "pass", [STALE]: "pass" } });
  });

  it("fails one that accepts everything in all that it should have refused", async () => {
    await using receiver = await startReceiver();
    const { code, grades, advice, failed } = await certify(receiver.url);
    expect(code).toBe(1);
    expect(failed).toBe(4);
    for (const check of REFUSALS) expect(grades[check]).toBe("fail");
    for (const check of ACCEPTANCES) expect(grades[check]).toBe("pass");
    expect(new Set(REFUSALS.map((check) => advice[check])).size).toBe(4);
    const text = await say("certify", receiver.url, "--secret", SECRET);
    expect(text.stdout).toMatch(
      / {2}FAIL {2}one without a signature +200 +\d+ ms\n {8}it accepts requests from anybody/,
    );
    expect(text.code).toBe(1);
  });

  it("fails one that answers 500 to a duplicate", async () => {
    const seen = new Set<string>();
    const handler = ({ id }: WebhookEvent): void => {
      if (seen.has(id)) throw new Error("expected: duplicate key value violates unique constraint");
      seen.add(id);
    };
    await using receiver = await listen(async (request, response) => {
      // An inbox that forgets at once, so that the handler meets each copy.
      const inbox = createInbox({ store: createMemoryStore(), handler });
      expressReceiver({ inbox, secrets: SECRET })(request, response, () => response.writeHead(500).end());
    });
    const { code, grades, advice } = await certify(receiver.url);
    expect(grades).toMatchObject({ [VALID]: "pass", [TWICE]: "fail", [BIG]: "pass" });
    expect(advice[TWICE]).toContain("answer 2xx to an event that was handled");
    expect(code).toBe(1);
  });

  it("warns of one that takes more than a second, and yet ends with 0", async () => {
    await using receiver = await startGood({}, () => pause(1_050));
    const { code, grades, warned } = await certify(receiver.url);
    expect(grades[SLOWEST]).toBe("warn");
    expect({ code, warned }).toEqual({ code: 0, warned: 1 });
  });

  it("fails one that verifies JSON which it has parsed and written again", async () => {
    await using receiver = await listen(verifying((body) => JSON.stringify(JSON.parse(body))));
    const { grades, advice } = await certify(receiver.url);
    expect(grades).toMatchObject({ [VALID]: "pass", [FORGED]: "pass", [CHANGED]: "fail", [STALE]: "fail" });
    expect(advice[CHANGED]).toContain("verify the bytes as they arrived");
  });

  it("fails one whose limit for bodies is too low", async () => {
    await using receiver = await startGood({ maxBodyBytes: 100_000 });
    const { grades, advice } = await certify(receiver.url);
    expect(grades).toMatchObject({ [VALID]: "pass", [BIG]: "fail" });
    expect(advice[BIG]).toContain("1 MiB");
  });

  it("warns of one that refuses by failing", async () => {
    const check = verifying((body) => body);
    await using receiver = await listen((request, response) => {
      const writeHead = response.writeHead.bind(response);
      response.writeHead = (status: number) => writeHead(status === 401 ? 500 : status);
      check(request, response);
    });
    const { grades } = await certify(receiver.url);
    expect(grades).toMatchObject({
      [VALID]: "pass",
      [FORGED]: "warn",
      [CHANGED]: "warn",
      [UNSIGNED]: "warn",
    });
  });

  it("asks nothing more of one that refuses the valid request: it refuses forgeries for no merit of its own", async () => {
    await using other = await startGood({ profile: "github" });
    await using redirecting = await startReceiver(307);
    for (const [url, hint] of [
      [other.url, "raw bytes"],
      [redirecting.url, "never followed"],
    ] as const) {
      const { code, stdout } = await say("certify", url, "--secret", SECRET);
      expect(stdout).toContain("FAIL  a valid request");
      expect(stdout).toContain(hint);
      expect(stdout).toContain("the rest was not asked");
      expect(code).toBe(1);
    }
    expect(redirecting.requests).toHaveLength(1);
  });

  it("says that nothing listens, and what of a URL no endpoint could have", async () => {
    const receiver = await startReceiver();
    await receiver.close();
    const away = await say("certify", receiver.url.replace("127.0.0.1", "localhost"), "--secret", SECRET);
    expect(away).toMatchObject({ code: 1, stdout: expect.stringContaining("nothing listens there") });
    for (const [url, hint] of [
      ["https://10.1.2.3/hook", "not a public one"],
      ["http://example.com/hook", "not https"],
      ["http://127.0.0.1.example.com/hook", "not https"],
      ["http://127.0.0.1:6379/", "port 6379 is not for webhooks"],
      ["nonsense", "https://"],
    ] as const) {
      const refused = await say("certify", url, "--secret", SECRET);
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(hint) });
    }
  });

  it.each([
    [["--secret", "whsec_c2hvcnQ="], "24 to 64 bytes"],
    [["--secret", "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="], "a public key"],
    [["--secret", "s", "--profile", "stripe", "--signature-header", "a b"], "not a header name"],
    [["--secret", SECRET, "--signature-header", "X-Acme"], "expected profile stripe or hmac"],
  ])("is refused what no endpoint could have, without showing a secret: %j", async (options, hint) => {
    const { code, stderr } = await say("certify", "http://127.0.0.1:4999/", ...options);
    expect(stderr).toContain(hint);
    expect(stderr).toContain("ENDPOINT_INVALID");
    expect(stderr).not.toMatch(/c2hvcnQ|1SiA4o9h/);
    expect(code).toBe(1);
  });
});

/** A receiver of one's own that verifies what `rewrite` makes of the body, and looks at no time. */
function verifying(rewrite: (body: string) => string): RequestListener {
  return async (request, response) => {
    const body = rewrite((await buffer(request)).toString());
    const signed = `${request.headers["webhook-id"]}.${request.headers["webhook-timestamp"]}.${body}`;
    const key = Buffer.from(SECRET.slice("whsec_".length), "base64");
    const expected = `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
    response.writeHead(request.headers["webhook-signature"] === expected ? 200 : 401).end();
  };
}
