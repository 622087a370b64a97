import { describe, expect, it } from "vitest";
import { BLOCKED_REASONS, type Outcome, UNREACHABLE_REASONS } from "../../../src/core/outcome.ts";
import { HEAD_PROBLEMS } from "../../../src/deliver/odd-head.ts";
import type { InspectedExchange } from "../../../src/deliver/ports.ts";
import { hintsFor } from "../../../src/manage/test-hints.ts";
import { anEndpoint } from "../../support/endpoint.ts";

const timings = { dnsMs: 1, connectMs: 1, tlsMs: 1, firstByteMs: null, totalMs: 10 };
const report = (changes: Partial<InspectedExchange> = {}): InspectedExchange => ({
  exchange: { kind: "failed", reason: "reset" },
  timings,
  headers: {},
  detail: null,
  closedNetwork: null,
  ...changes,
});
const refused = (status: number, changes: Partial<Outcome & { kind: "refused" }> = {}): Outcome => ({
  kind: "refused",
  status,
  retryAfterMs: null,
  instruction: null,
  ...changes,
});
const hint = (outcome: Outcome, seen = report(), endpoint = anEndpoint()): string =>
  hintsFor(outcome, seen, endpoint).join("\n");

describe("the hints of a test", () => {
  it("are none where the receiver took it", () => {
    expect(hintsFor({ kind: "delivered", status: 204 }, report(), anEndpoint())).toEqual([]);
  });

  it("say something about every way to fail", () => {
    const failures: readonly Outcome[] = [
      ...BLOCKED_REASONS.map((reason): Outcome => ({ kind: "blocked", reason })),
      ...UNREACHABLE_REASONS.map((reason): Outcome => ({ kind: "unreachable", reason })),
      ...Array.from({ length: 300 }, (_, index) => refused(300 + index)),
    ];
    for (const failure of failures) expect(hint(failure)).toMatch(/^[A-Z`].{30,}/);
  });

  it.each([
    ["dns", "ENOTFOUND", /no address for receiver\.example\.com/],
    ["dns", "EAI_AGAIN", /could not be resolved \(EAI_AGAIN\)/],
    ["dns", null, /could not be resolved \(no answer in time\)/],
    ["connect", "ECONNREFUSED", /Nothing listens on receiver\.example\.com/],
    ["connect", null, /firewall/],
    ["connect", "PROXY_403", /OUTBOUND_PROXY forbids.* address of receiver\.example\.com and not its name/],
    ["connect", "PROXY_502", /OUTBOUND_PROXY made no connection to receiver\.example\.com \(PROXY_502\)/],
    ["connect", "PROXY_SILENT", /does a firewall let the proxy in/],
    ["tls", "DEPTH_ZERO_SELF_SIGNED_CERT", /self-signed/],
    ["tls", "SELF_SIGNED_CERT_IN_CHAIN", /NODE_EXTRA_CA_CERTS/],
    ["tls", "UNABLE_TO_VERIFY_LEAF_SIGNATURE", /intermediate certificate/],
    ["tls", "CERT_HAS_EXPIRED", /expired/],
    ["tls", "ERR_TLS_CERT_ALTNAME_INVALID", /another name than receiver\.example\.com/],
    ["tls", "ERR_SSL_WRONG_VERSION_NUMBER", /does not speak TLS/],
    ["tls", "ECONNRESET", /No TLS handshake .* \(ECONNRESET\)/],
    ["timeout", null, /did not answer within 15 s/],
    ["reset", "UND_ERR_SOCKET", /without an answer \(UND_ERR_SOCKET\)/],
    ["protocol", "HPE_INVALID_CONSTANT", /no HTTP\/1\.1 answer/],
    ["tls", "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL", /HTTP\/2.* by HTTP\/1\.1 and nothing else/],
    ["protocol", HEAD_PROBLEMS.http2, /speaks HTTP\/2.* by HTTP\/1\.1 and nothing else/],
    ["protocol", HEAD_PROBLEMS.notHttp, /no HTTP\/1\.1 answer/],
    ["protocol", HEAD_PROBLEMS.interim, /a final one, such as 204/],
    ["protocol", HEAD_PROBLEMS.twoFramings, /send one of the two/],
    ["protocol", HEAD_PROBLEMS.twoLengths, /send Content-Length once/],
    ["protocol", HEAD_PROBLEMS.badLength, /the number of bytes/],
    ["protocol", HEAD_PROBLEMS.nul, /NUL byte/],
    ["protocol", HEAD_PROBLEMS.tooLarge, /larger than 64 KiB/],
  ] as const)("at %s with %s say what it usually is", (reason, detail, expected) => {
    expect(hint({ kind: "unreachable", reason }, report({ detail }))).toMatch(expected);
  });

  it.each([
    [
      { family: "IPv6", cidr: "::1/128" },
      /\(IPv6\)\. ALLOW_PRIVATE_NETWORKS with ::1\/128 in it opens it to deliveries\.$/,
    ],
    [{ family: "IPv4", cidr: "10.0.0.0/8" }, /\(IPv4\)\. ALLOW_PRIVATE_NETWORKS with 10\.0\.0\.0\/8 in it/],
    [{ family: "IPv6", cidr: null }, /\(IPv6\)\. ALLOW_PRIVATE_NETWORKS with its network in it/],
    [
      { family: "IPv6", cidr: "64:ff9b::/96" },
      /64:ff9b::\/96 in it opens it to deliveries, as far as the IPv4 addresses/,
    ],
    [null, /is not a public one\. ALLOW_PRIVATE_NETWORKS with its network in it/],
  ] as const)("name the family of a closed network, and what opens it: %j", (closedNetwork, expected) => {
    const outcome = { kind: "blocked", reason: "blocked_destination" } as const;
    expect(hint(outcome, report({ closedNetwork }))).toMatch(expected);
  });

  it("tell a time that was up before a connection from one that was up after", () => {
    const seen = report({ timings: { ...timings, connectMs: null } });
    expect(hint({ kind: "unreachable", reason: "timeout" }, seen)).toMatch(/before a connection/);
  });

  it("repeat what is wrong with a URL", () => {
    const seen = report({ detail: "port 25 is not for webhooks" });
    expect(hint({ kind: "blocked", reason: "blocked_url" }, seen)).toMatch(/port 25 is not for webhooks\.$/);
  });

  it.each([
    [302, /never followed.*where it leads/],
    [404, /nothing at this path/],
    [405, /does not take POST/],
    [413, /256 KiB/],
    [426, /by HTTP\/1\.1 and nothing else/],
    [429, /rate limit/],
    [500, /The receiver failed \(500\)/],
    [502, /A proxy/],
    [503, /overloaded/],
    [505, /by HTTP\/1\.1 and nothing else/],
    [418, /refused with 418/],
  ])("at status %i say what it usually is", (status, expected) => {
    expect(hint(refused(status))).toMatch(expected);
  });

  it("point at the Location of a redirect that has one", () => {
    expect(hint(refused(301), report({ headers: { location: "/new" } }))).toMatch(/its Location header/);
  });

  it.each([400, 401, 403, 422])("at status %i say how each profile's signature is verified", (status) => {
    const endpoint = anEndpoint({ profile: "hokusai", furtherProfiles: ["github"] });
    const text = hint(refused(status), report(), endpoint);
    expect(text).toContain("hokusai: X-Hokusai-Signature is the hex HMAC-SHA256");
    expect(text).toContain("github: X-Hub-Signature-256");
    expect(text).toContain("such as Authorization");
  });

  it("say what a delivery would have come to where that is more than a retry", () => {
    expect(hint(refused(410))).toMatch(/would disable the endpoint/);
    expect(hint(refused(500, { instruction: "disable" }))).toMatch(/would disable the endpoint/);
    expect(hint(refused(500, { instruction: "abort" }))).toMatch(/without another attempt/);
    expect(hint(refused(404), report(), anEndpoint({ profile: "ai-core" }))).toMatch(/With profile ai-core/);
    expect(hint(refused(404))).not.toMatch(/delivery/);
  });
});
