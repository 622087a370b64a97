/** The listener of `hookwave listen` in this process, so that its dice can be loaded and its answers looked into. */
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { type Heard, type ListenerOptions, openListener } from "../../src/cli/listen/listener.ts";
import { createTally } from "../../src/cli/listen/tally.ts";
import { system } from "../../src/config/system.ts";
import { PROFILE_NAMES } from "../../src/core/endpoint.ts";
import { expressReceiver } from "../../src/receiver/express.ts";
import { createInbox } from "../../src/receiver/inbox.ts";
import { createMemoryStore } from "../../src/receiver/inbox-store.ts";
import { signedFixture } from "../../src/testing/signed-fixture.ts";
import { post } from "../support/post.ts";
import { startReceiver } from "../support/receiver.ts";
import { listen } from "../support/receiving-servers.ts";
import { until } from "../support/until.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

interface TestListener extends AsyncDisposable {
  readonly url: string;
  /** Resolves with all that was told, once that is as much. */
  readonly heard: (count: number) => Promise<readonly Heard[]>;
}

async function startListener(options: Partial<ListenerOptions> = {}): Promise<TestListener> {
  const told: Heard[] = [];
  const listener = await openListener({
    port: 0,
    expected: {
      profile: "standard",
      secrets: [SECRET],
      signatureHeader: undefined,
      signedContent: undefined,
    },
    url: undefined,
    failRate: 0,
    delayMs: 0,
    forwardTo: undefined,
    system,
    tell: (heard) => told.push(heard),
    ...options,
  });
  return {
    url: `${listener.url}/hook`,
    heard: (count) => until(`${count} are told`, () => (told.length >= count ? told : null)),
    [Symbol.asyncDispose]: listener.close,
  };
}

const fixture = (id = "evt_1") => signedFixture({ secrets: [SECRET], id });

describe("a listener", () => {
  it.each(PROFILE_NAMES)("verifies what is sent to it as %s", async (profile) => {
    await using listener = await startListener({
      expected: { profile, secrets: [SECRET], signatureHeader: undefined, signedContent: undefined },
    });
    const answer = await post(listener.url, signedFixture({ profile, secrets: [SECRET], url: listener.url }));
    expect(answer.status).toBe(204);
    expect((await listener.heard(1))[0]?.diagnosis).toMatchObject({ kind: "valid" });
  });

  it("fails on purpose as often as its dice say, and not for what it does not answer", async () => {
    const throws = [0.29, 0.3, 0.31, 0];
    const loaded = { ...system, dice: () => throws.shift() ?? 0.99 };
    await using listener = await startListener({ failRate: 0.3, system: loaded });
    const statuses: number[] = [];
    for (const _ of [...throws]) statuses.push((await post(listener.url, fixture())).status);
    expect(statuses).toEqual([500, 204, 204, 500]);
    const heard = await listener.heard(4);
    expect(heard.map(({ answer }) => answer.because)).toEqual([
      "on_purpose",
      "verified",
      "verified",
      "on_purpose",
    ]);
    expect(heard.every(({ diagnosis }) => diagnosis.kind === "valid")).toBe(true);
  });

  it("waits before it answers, and says when its sender did not wait", async () => {
    await using listener = await startListener({ delayMs: 300 });
    await post(listener.url, fixture());
    const impatient = fetch(listener.url, { method: "POST", ...fixture(), signal: AbortSignal.timeout(100) });
    await expect(impatient).rejects.toThrow("timeout");
    const [patient, left] = await listener.heard(2);
    expect(patient).toMatchObject({ isAnswerTaken: true });
    expect(patient?.tookMs).toBeGreaterThanOrEqual(299);
    expect(left).toMatchObject({ isAnswerTaken: false, diagnosis: { kind: "valid" } });
  });

  it("lets go at once of what it delays when it is closed", async () => {
    let isJudged = false;
    const dice = () => {
      isJudged = true;
      return 0;
    };
    const listener = await startListener({ delayMs: 60_000, system: { ...system, dice } });
    const delayed = post(listener.url, fixture()).catch((error: unknown) => error);
    await until("it is judged", () => isJudged);
    let isClosed = false;
    void listener[Symbol.asyncDispose]().then(() => {
      isClosed = true;
    });
    await until("it is closed", () => isClosed, 5_000);
    expect(await delayed).toBeInstanceOf(TypeError);
  });

  it("forwards the very bytes and headers, and answers what was answered", async () => {
    await using behind = await startReceiver((response) => {
      response.writeHead(302, [
        "Location",
        "/elsewhere",
        "Set-Cookie",
        "a=1",
        "Set-Cookie",
        "b=2",
        "X-Own",
        "é",
      ]);
      response.end("moved");
    });
    await using listener = await startListener({ forwardTo: new URL(`${behind.url}?from=listen`) });
    const body = Buffer.from('{"a": 1.0,\r\n"b":"\xff"}\n', "latin1");
    const headers = ["X-Twice", "1", "x-twice", "2", "Accept-Encoding", "br", "Host", "public.example"];
    const answer = await rawPost(listener.url, headers, body);

    const [received] = behind.requests;
    expect(received?.body).toEqual(body);
    expect(received?.headers).toMatchObject({ "x-twice": "1, 2", "accept-encoding": "br" });
    expect(received?.headers.host).toBe(new URL(behind.url).host);
    expect(received?.headers).not.toHaveProperty("user-agent");
    expect(answer).toMatchObject({ status: 302, body: "moved" });
    expect(answer.headers).toMatchObject({
      location: "/elsewhere",
      "set-cookie": ["a=1", "b=2"],
      "x-own": "é",
    });
    // It is forwarded although it is not valid: how the server behind answers that is worth seeing.
    expect((await listener.heard(1))[0]).toMatchObject({
      diagnosis: { code: "HEADER_MISSING" },
      answer: { because: "forwarded", status: 302 },
    });
  });

  it("stands before a receiver that verifies and handles each event once", async () => {
    const handled: string[] = [];
    const inbox = createInbox({ store: createMemoryStore(), handler: ({ id }) => handled.push(id) });
    const app = expressReceiver({ inbox, secrets: SECRET });
    await using behind = await listen((request, response) =>
      app(request, response, () => response.destroy()),
    );
    await using listener = await startListener({ forwardTo: new URL(behind.url) });
    const answers = [await post(listener.url, fixture()), await post(listener.url, fixture())];
    expect(await Promise.all(answers.map((one) => one.json()))).toEqual([
      { result: "handled" },
      { result: "duplicate" },
    ]);
    expect(handled).toEqual(["evt_1"]);
    const tally = createTally();
    expect((await listener.heard(2)).map(tally.count)).toEqual([1, 2]);
    expect(tally.summary()).toMatchObject({ valid: 2, events: 1, answers: { 200: 2 } });
  });

  it("answers 502 when the server behind is away, and says so", async () => {
    await using listener = await startListener({ forwardTo: new URL("http://127.0.0.1:1/hook") });
    const answer = await post(listener.url, fixture());
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({ detail: expect.stringContaining("ECONNREFUSED") });
    expect((await listener.heard(1))[0]?.answer).toMatchObject({
      because: "unreachable",
      trouble: "ECONNREFUSED",
    });
  });

  it("survives a body that is too large and one that breaks off", async () => {
    await using listener = await startListener();
    const large = await post(listener.url, { ...fixture(), body: "x".repeat(8 * 1_024 * 1_024 + 1) });
    expect(large.status).toBe(413);
    const { hostname, port } = new URL(listener.url);
    const socket = connect(Number(port), hostname);
    socket.write(`POST /hook HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n{"type"`, () =>
      socket.resetAndDestroy(),
    );
    const [tooLarge, broken] = await listener.heard(2);
    expect(tooLarge).toMatchObject({ diagnosis: { kind: "unreadable" }, isAnswerTaken: true });
    expect(broken).toMatchObject({ diagnosis: { problem: expect.stringContaining("breaks off") } });
    expect(broken).toMatchObject({ isAnswerTaken: false });
    expect((await post(listener.url, fixture())).status).toBe(204);
  });
});

interface RawAnswer {
  readonly status: number | undefined;
  readonly headers: object;
  readonly body: string;
}

/** With headers exactly as given, which fetch would add to. */
function rawPost(url: string, headers: readonly string[], body: Buffer): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const all = [...headers, "Content-Length", String(body.length)];
  const request = httpRequest(url, { method: "POST", headers: all, agent: false }, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("end", () => {
      resolve({
        status: response.statusCode,
        headers: response.headers,
        body: Buffer.concat(chunks).toString(),
      });
    });
  });
  request.on("error", reject).end(body);
  return promise;
}
