import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAddressPolicy } from "../../../src/deliver/address-guard.ts";
import { checkUrl } from "../../../src/deliver/url-policy.ts";
import cases from "./ssrf-cases.json" with { type: "json" };

const policyWith = (...allowPrivateNetworks: readonly string[]) =>
  createAddressPolicy({ allowHttp: true, allowPrivateNetworks });
const strict = policyWith();
const accepts = (text: string, policy = strict) => checkUrl(text, policy).ok;

describe("the collected SSRF cases", () => {
  it.each(cases)("$expect: $url", ({ url, expect: expected }) => {
    expect(accepts(url)).toBe(expected !== "refuse");
  });
});

describe("spelling", () => {
  it.each([
    ["a user name", "https://user@hooks.acme-corp.com/"],
    ["an empty user name", "https://@hooks.acme-corp.com/"],
    ["a user name behind an encoded slash", "https://a%2f@hooks.acme-corp.com/"],
    ["an empty fragment", "https://hooks.acme-corp.com/#"],
    ["a fragment", "https://hooks.acme-corp.com/#top"],
    ["a backslash after the host", "https://hooks.acme-corp.com\\path"],
    ["a backslash in the path", "https://hooks.acme-corp.com/a\\b"],
    ["a backslash before an @", "https://hooks.acme-corp.com\\@evil.acme-corp.com/"],
    ["no slashes", "https:hooks.acme-corp.com/"],
    ["one slash", "https:/hooks.acme-corp.com/"],
    ["three slashes", "https:///hooks.acme-corp.com/"],
    ["a leading space", " https://hooks.acme-corp.com/"],
    ["a trailing line feed", "https://hooks.acme-corp.com/\n"],
    ["a tab inside the scheme", "ht\ttps://hooks.acme-corp.com/"],
    ["a tab inside the host", "https://127.0.\t0.1/"],
    ["a NUL", "https://hooks.acme-corp.com/\0"],
    ["a no-break space", "https://hooks.acme-corp.com/\u00a0"],
    ["a soft hyphen", "https://hooks.ac\u00adme-corp.com/"],
    ["a right-to-left override", "https://hooks.acme-corp.com/\u202egpj"],
    ["half a surrogate pair", "https://hooks.acme-corp.com/\ud800"],
    ["nothing", ""],
    ["only a scheme", "https://"],
    ["a relative reference", "//hooks.acme-corp.com/"],
    ["2,049 characters", `https://hooks.acme-corp.com/${"x".repeat(2_049 - 28)}`],
  ])("refuses %s", (_what, text) => expect(accepts(text)).toBe(false));

  it.each([
    ["2,048 characters", `https://hooks.acme-corp.com/${"x".repeat(2_048 - 28)}`],
    ["an @ in the path and query", "https://hooks.acme-corp.com/@me?to=a@b"],
    ["a capital scheme", "HTTPS://hooks.acme-corp.com/"],
    ["no path", "https://hooks.acme-corp.com"],
    ["a query without path", "https://hooks.acme-corp.com?a=1"],
  ])("accepts %s", (_what, text) => expect(accepts(text)).toBe(true));

  it("never throws, whatever the text", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.webUrl(),
      fc.string().map((s) => `http://${s}`),
    );
    fc.assert(fc.property(text, (url) => typeof accepts(url) === "boolean"));
  });
});

describe("scheme and port", () => {
  it("accepts plain http only where the operator allowed it", () => {
    const httpsOnly = createAddressPolicy({ allowHttp: false, allowPrivateNetworks: [] });
    expect(accepts("http://hooks.acme-corp.com/", httpsOnly)).toBe(false);
    expect(accepts("https://hooks.acme-corp.com/", httpsOnly)).toBe(true);
  });

  it.each([80, 443, 8080, 8443, 1024, 3000, 32_768, 65_535])("accepts port %i", (port) => {
    expect(accepts(`https://hooks.acme-corp.com:${port}/`)).toBe(true);
  });

  it.each([
    0, 1, 22, 25, 81, 1_023, 2_375, 2_376, 2_379, 3_306, 5_432, 6_379, 6_443, 9_200, 10_250, 11_211, 27_017,
    65_536,
  ])("refuses port %i", (port) => {
    expect(accepts(`https://hooks.acme-corp.com:${port}/`)).toBe(false);
  });

  it("never refuses a port of the range systems hand out", () => {
    fc.assert(
      fc.property(fc.integer({ min: 32_768, max: 65_535 }), (port) =>
        accepts(`https://hooks.acme-corp.com:${port}/`),
      ),
    );
  });
});

describe("names", () => {
  const label63 = "a".repeat(63);

  it.each([
    `https://${label63}.com/`,
    `https://${label63}.${label63}.${label63}.${"a".repeat(57)}.com/`,
    "https://_dmarc.a-b.acme-corp.com/",
    "https://xn--bcher-kva.ch/",
    "https://internal.acme-corp.com/",
    "https://localhost.acme-corp.com/",
  ])("accepts %s", (text) => expect(accepts(text)).toBe(true));

  it.each([
    "https://a..acme-corp.com/",
    "https://hooks.acme-corp.com./",
    "https://hooks-.acme-corp.com/",
    "https://hooks.acme-corp.-com/",
    `https://${label63}a.com/`,
    `https://${label63}.${label63}.${label63}.${"a".repeat(58)}.com/`,
    "https://ho!oks.acme-corp.com/",
    "https://hooks.acme-corp.com%00.evil.com/",
    "https://acme/",
    "https://printer.local/",
    "https://app.localhost/",
    "https://LOCALHOST/",
    "https://db.corp/",
    "https://nas.lan/",
    "https://nas.home.arpa/",
    "https://%6c%6f%63%61%6c%68%6f%73%74/",
  ])("refuses %s", (text) => expect(accepts(text)).toBe(false));

  it("leaves localhost to the connect-time check once loopback is opened, and only then", () => {
    const urls = [
      "http://localhost:3000/",
      "http://app.localhost/",
      "http://receiver:3000/",
      "http://metadata/",
    ];
    expect(urls.map((url) => accepts(url, policyWith("127.0.0.0/8")))).toEqual([true, true, false, false]);
  });

  it("leaves private names to the connect-time check once a private network is opened", () => {
    const urls = ["http://receiver:3000/", "http://hooks.prod.svc.cluster.local/", "http://localhost/"];
    expect(urls.map((url) => accepts(url, policyWith("172.16.0.0/12")))).toEqual([true, true, false]);
  });
});

describe("literal addresses", () => {
  it("accepts an address of an opened network in any spelling", () => {
    const loopback = policyWith("127.0.0.0/8", "::1/128");
    const urls = ["http://127.0.0.1:3000/", "http://0x7f.1/", "http://[::1]:3000/", "http://10.0.0.1/"];
    expect(urls.map((url) => accepts(url, loopback))).toEqual([true, true, true, false]);
  });

  it("tells a refused address from a refused spelling", () => {
    expect(checkUrl("https://10.0.0.1/", strict)).toMatchObject({ ok: false, reason: "blocked_destination" });
    expect(checkUrl("https://10.0.0.1:22/", strict)).toMatchObject({ ok: false, reason: "blocked_url" });
  });

  it("refuses every spelling of a loopback address", () => {
    const part = fc.nat({ max: 255 }).chain((value) => spellings(value));
    const last = fc.nat({ max: 0xff_ffff }).chain((value) => spellings(value));
    const text = fc.oneof(
      last.map((rest) => `127.${rest}`),
      fc.tuple(part, part, part).map(([b, c, d]) => `0x7f.${b}.${c}.${d}`),
      fc.nat({ max: 0xff_ffff }).chain((value) => spellings(0x7f00_0000 + value)),
    );
    fc.assert(fc.property(text, (host) => !accepts(`http://${host}/`)));
  });
});

function spellings(value: number): fc.Arbitrary<string> {
  return fc.constantFrom(`${value}`, `0x${value.toString(16)}`, `0${value.toString(8)}`);
}
