/** The doctor's look at receivers, against real sockets and certificates: what it sees, and that it sends nothing. */
import { afterEach, describe, expect, it } from "vitest";
import { asEndpointId, type Origin } from "../../src/core/brand.ts";
import { originOf } from "../../src/core/origin.ts";
import type { EndpointOutline } from "../../src/core/readings.ts";
import { createAddressPolicy } from "../../src/deliver/address-guard.ts";
import type { ConnectorOptions } from "../../src/deliver/guarded-connector.ts";
import { createShakeHands, type ShakeHands } from "../../src/deliver/handshake.ts";
import type { Lookup } from "../../src/deliver/resolver.ts";
import { lookAtReceivers } from "../../src/manage/doctor/receivers.ts";
import { createAuthority, selfSigned } from "../support/certificates.ts";
import { type Answer, type Certificate, startRawReceiver } from "../support/raw-receiver.ts";
import { loopbackPolicy, openThings } from "../support/transports.ts";

const { receiver: startReceiver, closeAll } = openThings();
afterEach(closeAll);

const NAME = "hooks.acme-corp.com";
const authority = createAuthority();
const silent: Answer = () => undefined;
const toLoopback: Lookup = () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]);
const clock = { now: () => Date.now(), monotonicMs: () => performance.now() };

const outline = (id: string, url: string): EndpointOutline => ({
  id: asEndpointId(id),
  url,
  isActive: true,
  isOpened: true,
});

async function look(endpoints: readonly EndpointOutline[], options: Partial<ConnectorOptions> = {}) {
  const { policy = loopbackPolicy } = options;
  const shakeHands = createShakeHands({
    policy,
    now: clock.monotonicMs,
    lookup: toLoopback,
    proxy: null,
    ca: authority.cert,
    ...options,
  });
  const [summary, ...found] = await lookAtReceivers(endpoints, [], { policy, shakeHands, system: clock });
  return { summary, found };
}

/** One endpoint at a TLS receiver with this certificate. */
async function lookAtTls(certificate: Certificate) {
  const receiver = await startReceiver(silent, certificate);
  const { found } = await look([outline("ep_1", `https://${NAME}:${receiver.port}/hook?token=hush-hush`)]);
  expect(receiver.requests).toEqual([]);
  expect(JSON.stringify(found)).not.toContain("hush-hush");
  return found;
}

describe("a receiver's certificate", () => {
  it.each([
    [29, "ok", "its certificate ends in 28 days, on "],
    [22, "ok", "ends in 21 days"],
    [21, "warning", "ends in 20 days"],
    [1, "warning", "ends in 0 days"],
  ])("that ends in %s days is %s", async (endsInDays, level, seen) => {
    expect(await lookAtTls(authority.issue(NAME, { endsInDays }))).toEqual([
      expect.objectContaining({
        check: "endpoint",
        level,
        about: ["ep_1"],
        seen: expect.stringContaining(seen),
      }),
    ]);
  });

  it.each([
    ["has ended", authority.issue(NAME, { endsInDays: -1 }), "CERT_HAS_EXPIRED", /Renew it on the receiver/],
    ["vouches for itself", selfSigned(NAME), "DEPTH_ZERO_SELF_SIGNED_CERT", /self-signed/],
    [
      "comes from nobody known",
      createAuthority("x").issue(NAME),
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
      /trusted/,
    ],
    [
      "is for another name",
      authority.issue("b.acme-corp.com"),
      "ERR_TLS_CERT_ALTNAME_INVALID",
      /another name/,
    ],
  ])("that %s is broken, with what to do", async (_, certificate, code, remedy) => {
    expect(await lookAtTls(certificate)).toEqual([
      expect.objectContaining({
        level: "broken",
        seen: expect.stringContaining(`no TLS (${code})`),
        remedy: expect.stringMatching(remedy),
      }),
    ]);
  });
});

describe("a receiver", () => {
  it("of several endpoints is looked at once, and gets no request", async () => {
    const receiver = await startReceiver(silent);
    const { summary, found } = await look([
      outline("ep_1", receiver.url),
      outline("ep_2", `${receiver.url}/two`),
    ]);
    expect(summary).toMatchObject({ level: "ok", seen: "looked at 2 of 2 endpoints, at 1 of 1 origin" });
    expect(found).toEqual([expect.objectContaining({ level: "ok", about: ["ep_1", "ep_2"] })]);
    expect(receiver.connectionCount()).toBe(1);
    expect(receiver.requests).toEqual([]);
  });

  it("that does not listen, has no name, or is refused is broken, and no address is told", async () => {
    const gone = await startRawReceiver(silent);
    await gone.close();
    const lookup: Lookup = async (name) => {
      if (name === "inside.acme-corp.com") return [{ address: "10.1.2.3", family: 4 }];
      throw Object.assign(new Error("no"), { code: "ENOTFOUND" });
    };
    const { found } = await look(
      [
        outline("ep_gone", gone.url),
        outline("ep_unnamed", "https://nowhere.acme-corp.com/"),
        outline("ep_inside", "https://inside.acme-corp.com/"),
        outline("ep_literal", "https://192.168.0.1/"),
        outline("ep_port", "https://acme-corp.com:6379/"),
      ],
      { lookup },
    );
    const lines = Object.fromEntries(found.map(({ about, level, seen }) => [about[0], `${level} ${seen}`]));
    expect(lines).toEqual({
      ep_gone: expect.stringMatching(/^broken .*no connection \(ECONNREFUSED\)$/),
      ep_unnamed: expect.stringMatching(/^broken .*its name does not resolve \(ENOTFOUND\)$/),
      ep_inside: expect.stringMatching(/^broken .*its address is refused$/),
      ep_literal: expect.stringMatching(
        /^broken .*refused: the address is not a public one; ALLOW_.* opens it$/,
      ),
      ep_port: expect.stringMatching(/^broken .*refused: port 6379 is not for webhooks$/),
    });
    expect(JSON.stringify(found)).not.toContain("10.1.2.3");
    const remedies = Object.fromEntries(found.map(({ about, remedy }) => [about[0], remedy]));
    expect(remedies).toMatchObject({
      ep_inside: expect.stringMatching(/IPv4.*10\.0\.0\.0\/8/),
      ep_literal: expect.stringMatching(/IPv4.*192\.168\.0\.0\/16/),
    });
  });

  it("by plain http is refused where that is not allowed", async () => {
    const receiver = await startReceiver(silent);
    const policy = createAddressPolicy({ allowHttp: false, allowPrivateNetworks: ["127.0.0.0/8"] });
    const { found } = await look([outline("ep_1", receiver.url)], { policy });
    expect(found).toMatchObject([
      { level: "broken", seen: expect.stringContaining("plain http needs ALLOW_HTTP") },
    ]);
    expect(receiver.connectionCount()).toBe(0);
  });
});

describe("thousands of receivers", () => {
  const many = Array.from({ length: 2_000 }, (_, at) => outline(`ep_${at}`, `https://r${at}.acme-corp.com/`));
  const well = { failure: null, detail: null, closedNetwork: null, certificateEndsAt: null } as const;

  it("are looked at up to a bound, few at a time, and those with an open breaker first", async () => {
    const asked: Origin[] = [];
    let [open, most] = [0, 0];
    const shakeHands: ShakeHands = async (origin) => {
      asked.push(origin);
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
      return well;
    };
    const ill = many[1_999] ?? outline("", "");
    const alone = originOf(many[1_998] ?? ill);
    const deps = { policy: loopbackPolicy, shakeHands, system: clock };
    const [summary] = await lookAtReceivers(many, [ill.id, alone], deps);

    expect(asked).toHaveLength(100);
    expect(asked.slice(0, 2).toSorted()).toEqual([originOf(ill), alone].toSorted());
    expect(most).toBeLessThanOrEqual(16);
    expect(summary).toMatchObject({
      level: "ok",
      seen: "looked at 100 of 2000 endpoints, at 100 of 2000 origins; --endpoint names others",
    });
  });

  it("are looked at until time is up, and it is said how many those were", async () => {
    let clockMs = 0;
    const shakeHands: ShakeHands = async () => {
      clockMs += 1_000;
      return well;
    };
    const deps = { policy: loopbackPolicy, shakeHands, system: { now: () => 0, monotonicMs: () => clockMs } };
    const [summary, ...found] = await lookAtReceivers(many.slice(0, 50), [], deps);
    expect(found.length).toBeGreaterThanOrEqual(16);
    expect(found.length).toBeLessThan(50);
    expect(summary).toMatchObject({
      level: "warning",
      seen: expect.stringMatching(/^looked at \d\d of 50 endpoints, .* before 20 s were up$/),
    });
  });
});
