/** A service that leaves the network by a proxy only: everything that it calls, and an outage of the proxy, which costs nobody. */
import { describe, expect, it } from "vitest";
import { configWith, readEnvironment } from "../../src/config/environment.ts";
import { system } from "../../src/config/system.ts";
import { openDirectSender } from "../../src/manage/direct-sender.ts";
import { canary, found } from "../support/canaries.ts";
import { startConnectProxy } from "../support/connect-proxy.ts";
import { askDoctorOn } from "../support/doctor.ts";
import { keptPort } from "../support/kept-port.ts";
import { startReceiver } from "../support/receiver.ts";
import { LOOPBACK, startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const ALL = { eventId: null, endpointId: null, status: null, since: null, until: null };
const PASSWORD = canary();
const USER = `Basic ${Buffer.from(`svc:${PASSWORD}`).toString("base64")}`;
const withUser = (url: string): string => url.replace("//", `//svc:${PASSWORD}@`);
const failures = (happenings: readonly { readonly kind: string }[]) =>
  happenings.filter(({ kind }) => kind === "service.failed");

describe("a service behind a proxy", () => {
  it("delivers and tests through it, and the doctor looks through it, by one address", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(200);
    await using proxy = await startConnectProxy(undefined, { credentials: USER });
    await using hookwave = await startHookwave(redis, { outboundProxy: withUser(proxy.url) });
    await hookwave.endpoints.add({ id: "one", url: receiver.url });
    await hookwave.publish({ type: "thing.made", data: {} });
    await receiver.received(1);
    expect((await hookwave.testEndpoint("one")).outcome.kind).toBe("delivered");
    const { findings } = await hookwave.doctor();

    expect(findings.find(({ check }) => check === "proxy")).toMatchObject({ level: "ok" });
    expect(findings.find(({ check }) => check === "endpoint")).toMatchObject({ level: "ok" });
    const { host } = new URL(receiver.url);
    expect(proxy.asked.map(({ authority }) => authority)).toEqual([host, host, host]);
    const seen = JSON.stringify([hookwave.happenings, findings, receiver.requests]);
    expect(found({ PASSWORD, USER: `svc:${PASSWORD}` }, seen)).toEqual([]);
  });

  it("charges nobody while the proxy is away, opens no breaker, and goes on when it is back", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(200);
    const port = await keptPort();
    const gone = await startConnectProxy(undefined, { port });
    await using hookwave = await startHookwave(redis, { outboundProxy: withUser(gone.url) });
    // Without a retry, one attempt charged would be the end of its delivery.
    await hookwave.endpoints.add({ id: "one", url: receiver.url, retrySchedule: [] });
    await gone.close();
    const events = Array.from({ length: 100 }, (_, n) => ({ id: `evt_${n}`, type: "thing.made", data: {} }));
    await hookwave.publishMany(events);
    await until("each has been tried and put back", async () => {
      const { new: fresh, retrying } = await hookwave.queueCounts();
      return fresh.depth === 0 && retrying.depth === 100;
    });
    const told = failures(hookwave.happenings);
    expect(told).toContainEqual(
      expect.objectContaining({ error: expect.objectContaining({ code: "PROXY_UNAVAILABLE" }) }),
    );
    await expect(hookwave.testEndpoint("one")).rejects.toMatchObject({ code: "PROXY_UNAVAILABLE" });

    await using _proxy = await startConnectProxy(undefined, { port });
    await until("nothing is left to do", async () => (await hookwave.queueCounts()).retrying.depth === 0);
    const { data } = await hookwave.deliveries.list(ALL, { after: null, limit: 100 });
    const outcomes = data.map(({ state }) => state.attempts.map(({ outcome }) => outcome));
    expect(outcomes).toEqual(Array.from({ length: 100 }, () => ["delivered"]));
    expect(hookwave.happenings.filter(({ kind }) => kind === "breaker.changed")).toEqual([]);
    expect((await hookwave.queueCounts()).dead.depth).toBe(0);
    expect(found({ PASSWORD }, JSON.stringify(hookwave.happenings))).toEqual([]);
  });

  it("charges the receiver that the proxy does not reach, and says so in a test of it", async () => {
    await using redis = await startRedis();
    await using proxy = await startConnectProxy(() => ({ status: 502 }));
    await using hookwave = await startHookwave(redis, { outboundProxy: proxy.url });
    await hookwave.endpoints.add({ id: "one", url: "http://127.0.0.1:3000/hooks", retrySchedule: [] });
    await hookwave.publish({ type: "thing.made", data: {} });
    await until("it is a dead letter", async () => (await hookwave.queueCounts()).dead.depth === 1);
    const { data } = await hookwave.deliveries.list(ALL, { after: null, limit: 100 });
    expect(data[0]?.state.attempts).toMatchObject([{ outcome: "unreachable", reason: "connect" }]);
    const { detail, hints } = await hookwave.testEndpoint("one");
    expect({ detail, hints }).toEqual({
      detail: "PROXY_502",
      hints: [expect.stringMatching(/OUTBOUND_PROXY made no connection to 127\.0\.0\.1:3000/)],
    });
  });
});

describe("a proxy that is set for other programs", () => {
  it("is told of in one line at start, and nothing goes there", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(200);
    await using proxy = await startConnectProxy();
    const config = readEnvironment({ HTTPS_PROXY: withUser(proxy.url), http_proxy: proxy.url });
    await using hookwave = await startHookwave(redis, { unheededProxies: config.unheededProxies });
    await hookwave.endpoints.add({ id: "one", url: receiver.url });
    await hookwave.publish({ type: "thing.made", data: {} });
    await receiver.received(1);
    const notices = hookwave.happenings.flatMap((one) =>
      one.kind === "service.noticed" ? [one.notice] : [],
    );
    expect(notices.filter((notice) => notice.includes("PROXY"))).toEqual([
      "HTTPS_PROXY, http_proxy are not obeyed: receivers are called directly, without a proxy; set OUTBOUND_PROXY to call receivers through that proxy, or unset what they need not",
    ]);
    expect(proxy.asked).toEqual([]);
  });
});

describe("a command's own requests", () => {
  const post = async (url: string, outboundProxy: string) => {
    const config = configWith({ ...LOOPBACK, allowPrivateNetworks: ["10.0.0.0/8"], outboundProxy });
    const sender = openDirectSender(
      { url, secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] },
      config,
      system,
    );
    const { outcome } = await sender.post({ headers: {}, body: "{}" });
    await sender.close();
    return outcome;
  };

  it("go through the proxy as well, but for those to this machine, which it would take for itself", async () => {
    await using receiver = await startReceiver(200);
    const { port } = new URL(receiver.url);
    await using proxy = await startConnectProxy(() => ({ port: Number(port) }));
    expect(await post(receiver.url, proxy.url)).toMatchObject({ kind: "delivered" });
    expect(proxy.asked).toEqual([]);
    expect(await post("http://10.0.0.1:3000/hooks", proxy.url)).toMatchObject({ kind: "delivered" });
    expect(proxy.asked.map(({ authority }) => authority)).toEqual(["10.0.0.1:3000"]);
  });
});

describe("the doctor's word on the proxy", () => {
  it("is that it is down, or does not know us, and never who we are to it", async () => {
    await using redis = await startRedis();
    await using strict = await startConnectProxy(undefined, { credentials: "Basic other" });
    const gone = await startConnectProxy();
    await gone.close();
    for (const [{ url }, got] of [
      [gone, "ECONNREFUSED"],
      [strict, "407"],
    ] as const) {
      const { of, findings } = await askDoctorOn(redis, { OUTBOUND_PROXY: withUser(url) });
      expect(of("proxy")).toMatchObject([{ level: "broken", seen: expect.stringContaining(got) }]);
      expect(found({ PASSWORD }, JSON.stringify(findings))).toEqual([]);
    }
  });

  it("is a warning where another program's proxy is set and ours is not, without its value", async () => {
    await using redis = await startRedis();
    const variables = { https_proxy: `http://svc:${PASSWORD}@proxy.corp:3128` };
    const { of, findings } = await askDoctorOn(redis, variables);
    expect(of("proxy")).toMatchObject([
      {
        level: "warning",
        seen: "https_proxy is not obeyed: receivers are called directly, without a proxy",
        remedy: expect.stringContaining("OUTBOUND_PROXY"),
      },
    ]);
    expect(found({ PASSWORD }, JSON.stringify(findings))).toEqual([]);
  });
});
