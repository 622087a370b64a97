/** Receivers that speak HTTP/2 and nothing else: they are not spoken to, and whoever tests them learns why. */
import { once } from "node:events";
import { createSecureServer, createServer, type Http2Server } from "node:http2";
import { connect } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { asEndpointId } from "../../src/core/brand.ts";
import { createShakeHands } from "../../src/deliver/handshake.ts";
import type { InspectedExchange } from "../../src/deliver/ports.ts";
import { lookAtReceivers } from "../../src/manage/doctor/receivers.ts";
import { hintsFor } from "../../src/manage/test-hints.ts";
import { post, startApi } from "../support/api.ts";
import { answers, authority, NAME } from "../support/behind-proxy.ts";
import { anEndpoint } from "../support/endpoint.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { loopbackPolicy, openThings, postTo } from "../support/transports.ts";

const { probe: openInspector, keep, closeAll } = openThings();
afterEach(closeAll);

const options = { ca: authority.cert, lookup: answers("127.0.0.1") };
const ONLY = /by HTTP\/1\.1 and nothing else/;

/** Resolves with the port. */
async function listening(server: Http2Server | ReturnType<typeof createTlsServer>): Promise<number> {
  keep({ close: async () => void server.close() });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return address !== null && typeof address === "object" ? address.port : 0;
}

function hintOf(report: InspectedExchange, url: string): string {
  if (report.exchange.kind !== "failed") throw new Error("expected no answer, got one");
  const outcome = { kind: "unreachable", reason: report.exchange.reason } as const;
  return hintsFor(outcome, report, anEndpoint({ url })).join("\n");
}

describe("a receiver that takes HTTP/2 alone", () => {
  it("says so in the handshake, and the hint says what is spoken", async () => {
    const port = await listening(createSecureServer({ ...authority.issue(NAME), allowHTTP1: false }));
    const url = `https://${NAME}:${port}/`;
    const report = await openInspector(options).send(postTo(url));
    expect(report).toMatchObject({
      exchange: { kind: "failed", reason: "tls" },
      detail: "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL",
    });
    expect(hintOf(report, url)).toMatch(ONLY);
  });

  it.each([
    ["by TLS, without a word in the handshake", true],
    ["by plain http", false],
  ])("begins to speak it %s, and the detail says so", async (_how, isSecure) => {
    const plain = createServer();
    const port = await listening(plain);
    const secure = createTlsServer(authority.issue(NAME), (socket) => {
      socket
        .on("error", () => undefined)
        .pipe(connect(port, "127.0.0.1"))
        .pipe(socket);
    });
    const url = isSecure ? `https://${NAME}:${await listening(secure)}/` : `http://${NAME}:${port}/`;
    const report = await openInspector(options).send(postTo(url));
    expect(report).toMatchObject({
      exchange: { kind: "failed", reason: "protocol" },
      detail: "the answer is HTTP/2, and only HTTP/1.1 is spoken here",
    });
    expect(hintOf(report, url)).toMatch(ONLY);
  });

  it("is told so by the API", async () => {
    const port = await listening(createSecureServer({ ...authority.issue(NAME), allowHTTP1: false }));
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, { role: "api" });
    await using api = await startApi(hookwave);
    await hookwave.endpoints.add({ id: "one", url: `https://127.0.0.1:${port}/` });
    const { body } = await post(api, "/api/v1/webhooks/one/test");
    expect(body).toMatchObject({ hints: [expect.stringMatching(ONLY)] });
  });

  it("is found by the doctor, with the same advice", async () => {
    const port = await listening(createSecureServer({ ...authority.issue(NAME), allowHTTP1: false }));
    const now = () => performance.now();
    const given = { ...options, policy: loopbackPolicy, proxy: null, now };
    const endpoint = {
      id: asEndpointId("ep_1"),
      url: `https://${NAME}:${port}/`,
      isActive: true,
      isOpened: true,
    };
    const deps = {
      policy: loopbackPolicy,
      shakeHands: createShakeHands(given),
      system: { now, monotonicMs: now },
    };
    const [, finding] = await lookAtReceivers([endpoint], [], deps);
    expect(finding).toMatchObject({ level: "broken", remedy: expect.stringMatching(ONLY) });
  });
});
