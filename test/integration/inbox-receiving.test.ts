/** Callbacks that come in: whose signature counts, what becomes of the others, and that each is kept once. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PROFILE_NAMES } from "../../src/core/endpoint.ts";
import { ask, send, startApi } from "../support/api.ts";
import {
  callback,
  deliver,
  type Inbox,
  idOf,
  OTHER_SECRET,
  SOURCES,
  signedFor,
  startInbox,
} from "../support/inbox.ts";
import { converse } from "../support/raw-http.ts";

let inbox: Inbox;
beforeEach(async () => {
  inbox = await startInbox();
});
afterEach(async () => {
  await inbox[Symbol.asyncDispose]();
});

const MIB = 1_024 * 1_024;

describe.each(PROFILE_NAMES)("a callback of the family %s", (profile) => {
  it("is taken where its secret signed it, refused where another one did, and kept either way", async () => {
    const { api, list, source } = inbox;
    await source({ profile });

    const right = await deliver(api, signedFor(api, { profile, data: { n: 1 } }));
    expect(right).toMatchObject({ status: 202, body: { signature: "valid", copies: 1 } });
    const wrong = await deliver(api, signedFor(api, { profile, data: { n: 2 }, secrets: [OTHER_SECRET] }));
    expect(wrong).toMatchObject({ status: 401, body: { code: "CALLBACK_REFUSED" } });
    expect(wrong.headers.get("www-authenticate")).toBeNull();
    expect(JSON.stringify(wrong.body)).not.toContain("whsec");
    expect(await list()).toMatchObject([
      { signature: "invalid", code: "SIGNATURE_MISMATCH", accepted: false, source: "llm" },
      { signature: "valid", code: null, accepted: true, id: idOf(right) },
    ]);
  });

  it("is taken and marked where its source flags what is invalid, or has no secret", async () => {
    const { api, source, list } = inbox;
    await source({ profile, on_invalid: "flag" });
    await source({ id: "open", profile, secret: null });

    const other = signedFor(api, { profile, secrets: [OTHER_SECRET] });
    expect(await deliver(api, other)).toMatchObject({ status: 202, body: { signature: "invalid" } });
    expect(await deliver(api, other, "/in/open")).toMatchObject({
      status: 202,
      body: { signature: "unsigned" },
    });
    expect(await list("?source=open")).toMatchObject([{ signature: "unsigned", code: null, accepted: true }]);
    expect(await list("?source=llm")).toMatchObject([{ signature: "invalid", accepted: true }]);
  });
});

describe("a callback", () => {
  it("may be signed with any of its source's secrets while they are being rotated", async () => {
    await inbox.source({ secret: ["another-one", OTHER_SECRET] });
    expect(await callback(inbox.api, "cb-1", {}, OTHER_SECRET)).toMatchObject({ status: 202 });
    await send(inbox.api, "PATCH", `${SOURCES}/llm`, { secret: "another-one" });
    expect(await callback(inbox.api, "cb-2", {}, OTHER_SECRET)).toMatchObject({ status: 401 });
  });

  it("that comes again is kept once: the same bytes are counted, others take their place and are news", async () => {
    const { api, list, source, whole } = inbox;
    await source();
    const first = await callback(api, "cb-1", { n: 1 });
    await send(api, "POST", `/api/v1/callbacks/${idOf(first)}/seen`);
    expect(await callback(api, "cb-1", { n: 1 })).toMatchObject({ status: 202, body: { copies: 2 } });
    const [same] = await list();
    expect(same).toMatchObject({ copies: 2, seen_at: expect.any(String) });

    expect(await callback(api, "cb-1", { n: 2 })).toMatchObject({ body: { id: idOf(first), copies: 3 } });
    const rows = await list();
    expect(rows).toMatchObject([{ id: idOf(first), callback_id: "cb-1", copies: 3, seen_at: null }]);
    expect(Number(rows[0]?.["cursor"])).toBeGreaterThan(Number(same?.["cursor"]));
    expect(await whole(idOf(first))).toMatchObject({ body: { body: expect.stringContaining('"n":2') } });
  });

  it("without an id is known by its bytes, and one of another source is another one", async () => {
    const { api, list, source } = inbox;
    await source({ profile: "hmac" });
    await source({ id: "two", profile: "hmac" });
    const one = signedFor(api, { profile: "hmac", data: { n: 1 } });
    const { "webhook-id": _, ...headers } = one.headers;
    const nameless = { ...one, headers };

    const first = await deliver(api, nameless);
    expect(await deliver(api, nameless)).toMatchObject({ body: { id: idOf(first), copies: 2 } });
    expect(await deliver(api, nameless, "/in/two")).toMatchObject({ status: 202, body: { copies: 1 } });
    expect(await list()).toHaveLength(2);
    expect(await list("?source=llm")).toMatchObject([
      { callback_id: expect.stringMatching(/^body_[0-9a-f]{64}$/) },
    ]);
  });

  it("that nobody has proven never takes the place of one that was", async () => {
    const { api, list, source, whole } = inbox;
    await source();
    const proven = await callback(api, "cb-1", { n: "true" });
    expect(await callback(api, "cb-1", { n: "forged" }, OTHER_SECRET)).toMatchObject({ status: 401 });
    await send(api, "PATCH", `${SOURCES}/llm`, { on_invalid: "flag" });
    expect(await callback(api, "cb-1", { n: "forged" }, OTHER_SECRET)).toMatchObject({ status: 202 });
    await send(api, "PATCH", `${SOURCES}/llm`, { secret: null });
    expect(await callback(api, "cb-1", { n: "forged" }, OTHER_SECRET)).toMatchObject({ status: 202 });

    const shown = await whole(idOf(proven));
    expect(shown).toMatchObject({ body: { signature: "valid", copies: 1 } });
    expect(shown.text).toContain("true");
    expect(shown.text).not.toContain("forged");
    expect((await list()).map((row) => [row["signature"], row["accepted"]])).toEqual([
      ["unsigned", true],
      ["invalid", false],
      ["valid", true],
    ]);
  });

  it("that comes many times at once is stored once, and every copy is counted", async () => {
    await inbox.source();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => callback(inbox.api, "cb-1", { n: 1 })),
    );

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map((answer) => Object(answer.body).copies)).size).toBe(20);
    expect(await inbox.list()).toMatchObject([{ copies: 20 }]);
    expect(await inbox.counts()).toMatchObject({ total: 1, unseen: 1 });
  });

  it("may be as large as 1 MiB, and no byte larger; of one that is refused 16 KiB are kept", async () => {
    const { api, list, source, whole } = inbox;
    await source({ id: "open", profile: "hmac", secret: null });
    await source();
    const body = (bytes: number) => ({ headers: {}, body: "x".repeat(bytes) });

    const largest = await deliver(api, body(MIB), "/in/open");
    expect(largest).toMatchObject({ status: 202 });
    expect(await whole(idOf(largest))).toMatchObject({ body: { body_bytes: MIB, is_truncated: false } });
    expect(await deliver(api, body(MIB + 1), "/in/open")).toMatchObject({
      status: 413,
      body: { code: "BODY_TOO_LARGE" },
    });
    expect(await deliver(api, body(MIB))).toMatchObject({ status: 401 });
    const [refused] = await list("?source=llm");
    const kept = await whole(String(refused?.["id"]));
    expect(kept).toMatchObject({ body: { body_bytes: MIB, is_truncated: true } });
    expect(String(Object(kept.body).body)).toHaveLength(16_384);
    expect(await list()).toHaveLength(2);
  }, 30_000);

  it("needs no key, and no page's origin speaks for or against it", async () => {
    const { api, source, hookwave } = inbox;
    await source();
    await hookwave.keys.create({ name: "any", roles: ["admin"] });
    const { headers, body } = signedFor(api, { profile: "llm-service" });
    const foreign = { ...headers, origin: "https://elsewhere.example", "sec-fetch-site": "cross-site" };

    expect(await deliver(api, { headers: foreign, body })).toMatchObject({ status: 202 });
    expect(await ask(`${api.url}/in/llm`)).toMatchObject({ status: 405 });
    expect(await deliver(api, { headers, body }, "/in/nobody")).toMatchObject({
      status: 404,
      body: { code: "SOURCE_UNKNOWN" },
    });
  });

  it.each(["", "/", "/below", "/below//"])(
    "is taken where its sender signed the URL below …com%s",
    async (path) => {
      const apiUrl = `https://hookwave.example.com${path}`;
      await using api = await startApi(inbox.hookwave, { settings: { apiUrl } });
      await inbox.source({ profile: "ai-core" });
      const url = `${apiUrl.replace(/\/+$/, "")}/in/llm`;
      expect(await deliver(api, signedFor(api, { profile: "ai-core", url }))).toMatchObject({ status: 202 });
    },
  );

  it.each([
    ["a form", { "content-type": "application/x-www-form-urlencoded" }],
    ["a type that nobody knows", { "content-type": "x/y" }],
    ["bytes that somebody calls compressed", { "content-encoding": "gzip" }],
  ])("is taken as %s, too", async (_what, headers) => {
    const { api, source, whole } = inbox;
    await source({ profile: "github" });
    const body = "payload=%7B%7D";
    const { headers: signature } = signedFor(api, { profile: "github", dataText: '{"a":1}' });
    const refused = await deliver(api, { headers: { ...signature, ...headers }, body });
    expect(refused).toMatchObject({ status: 401 });
    await send(api, "PATCH", `${SOURCES}/llm`, { secret: null });
    const taken = await deliver(api, { headers, body });
    expect(taken).toMatchObject({ status: 202 });
    expect(await whole(idOf(taken))).toMatchObject({ body: { body, headers } });
  });

  it("is taken without any type, and one that is no request is answered", async () => {
    await inbox.source({ secret: null });
    const head = "POST /in/llm HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
    expect(await converse(inbox.api, `${head}content-length: 3\r\n\r\nabc`)).toMatch(/^HTTP\/1\.1 202 /);
    expect(await converse(inbox.api, `${head}\r\n`)).toMatch(/^HTTP\/1\.1 202 /);
    expect(await converse(inbox.api, `${head}content-length: 3\r\ncontent-type: ;;\r\n\r\nabd`)).toMatch(
      /^HTTP\/1\.1 (?:202|415) /,
    );
    expect((await inbox.list()).length).toBeGreaterThanOrEqual(2);
  });

  it("that is authentic and cannot be read is kept as valid: its sender would not send it otherwise", async () => {
    const { api, source, list } = inbox;
    await source({ profile: "hmac" });
    const { headers, body } = signedFor(api, { profile: "hmac", dataText: "[1,2]" });
    expect(await deliver(api, { headers, body })).toMatchObject({ status: 202 });
    await source({ id: "llm2" });
    const typeless = signedFor(api, { profile: "hmac", dataText: '{"a":1}' });
    const signature = String(typeless.headers["x-signature"]).replace("sha256=", "");
    const as = { headers: { "x-webhook-signature": `sha256=${signature}` }, body: typeless.body };
    expect(await deliver(api, as, "/in/llm2")).toMatchObject({ status: 202, body: { signature: "valid" } });
    expect(await list("?source=llm2")).toMatchObject([
      { signature: "valid", code: "PAYLOAD_UNREADABLE", type: null, accepted: true },
    ]);
  });

  it.each([
    ["no name of its event", "github", "x-github-event", undefined],
    ["two names of its event", "github", "x-github-event", "push, ping"],
    ["two ids that nobody signed", "llm-service", "webhook-id", "evt_1, evt_2"],
  ] as const)("that is authentic and has %s is valid, and says what is missing", async (...the) => {
    const [, profile, header, value] = the;
    const { api, source, whole } = inbox;
    await source({ profile });
    const { headers, body } = signedFor(api, { profile });
    const { [header]: _, ...others } = headers;
    const given = value === undefined ? others : { ...others, [header]: value };
    const taken = await deliver(api, { headers: given, body });
    expect(taken).toMatchObject({ status: 202, body: { signature: "valid" } });
    expect(await whole(idOf(taken))).toMatchObject({
      body: { signature: "valid", code: "PAYLOAD_UNREADABLE", reason: expect.stringContaining(header), body },
    });
  });

  it("has those of its headers kept that authenticate nobody", async () => {
    const { api, source, whole } = inbox;
    await source();
    const { headers, body } = signedFor(api, { profile: "llm-service" });
    const more = {
      authorization: "Bearer hunter2",
      cookie: "s=hunter2",
      "user-agent": "llm/1",
      "x-api-key": "hunter2",
    };
    const { text, body: shown } = await whole(
      idOf(await deliver(api, { headers: { ...headers, ...more }, body })),
    );
    expect(shown).toMatchObject({ headers: { "user-agent": "llm/1", "content-type": "application/json" } });
    expect(text).not.toContain("hunter2");
    expect(text).not.toContain(String(headers["x-webhook-signature"]).slice(7, 40));
  });
});

describe("a hostile body", () => {
  const TEXTS = {
    "a script": '{"event":"<script>alert(1)</script>","callback_id":"</script><img src=x onerror=alert(1)>"}',
    "64 levels": `${"[".repeat(64)}${"]".repeat(64)}`,
    "500,000 levels": "[".repeat(500_000),
    "half a surrogate pair, escaped": '{"event":"\\ud800","callback_id":"\\udfff"}',
    "text from right to left": '{"event":"\u202Egpj.exe"}',
    "a prototype": '{"__proto__":{"event":"x"},"constructor":1}',
    nothing: "",
    "a control character": '{"callback_id":"a\\u0000b\\nc"}',
  };

  it.each(Object.entries(TEXTS))("of %s is kept as it is", async (_what, text) => {
    const { api, source, whole, list } = inbox;
    await source({ secret: null });
    const taken = await deliver(api, { headers: {}, body: text });
    expect(taken).toMatchObject({ status: 202 });
    expect(await whole(idOf(taken))).toMatchObject({
      status: 200,
      body: { body: text, body_encoding: "utf8" },
    });
    expect(await list()).toHaveLength(1);
  });

  it.each([
    ["bytes that are no UTF-8", [0xff, 0xfe, 0x00]],
    ["half a surrogate pair as bytes", [0x22, 0xed, 0xa0, 0x80, 0x22]],
  ])("of %s is kept as it is, and shown in base64", async (_what, bytes) => {
    await inbox.source({ secret: null });
    const taken = await deliver(inbox.api, { headers: {}, body: Uint8Array.from(bytes) });
    expect(await inbox.whole(idOf(taken))).toMatchObject({
      body: {
        body: Buffer.from(bytes).toString("base64"),
        body_encoding: "base64",
        body_bytes: bytes.length,
      },
    });
  });
});
