import { describe, expect, it } from "vitest";
import { readProxyUrl } from "../../../src/core/proxy-url.ts";

describe("the address of a proxy", () => {
  it.each([
    ["http://proxy.corp.example:3128", { host: "proxy.corp.example", port: 3128, credentials: null }],
    ["http://10.0.0.2:80/", { host: "10.0.0.2", port: 80, credentials: null }],
    ["HTTP://[fd00::2]:8080", { host: "fd00::2", port: 8080, credentials: null }],
    ["http://svc:pw@proxy:3128", { host: "proxy", port: 3128, credentials: { user: "svc", password: "pw" } }],
    [
      "http://corp%5Csvc:p%40ss%3A%2F%C3%B6@proxy:3128",
      { host: "proxy", port: 3128, credentials: { user: "corp\\svc", password: "p@ss:/ö" } },
    ],
    ["http://svc@proxy:3128", { host: "proxy", port: 3128, credentials: { user: "svc", password: "" } }],
  ])("is read from %s", (text, address) => {
    expect(readProxyUrl(text)).toEqual(address);
  });

  it.each([
    ["nothing", ""],
    ["no scheme", "proxy:3128"],
    ["TLS to the proxy itself", "https://proxy:3128"],
    ["SOCKS", "socks5://proxy:1080"],
    ["no port", "http://proxy"],
    ["no port behind a user", "http://svc:3128@proxy"],
    ["port 0", "http://proxy:0"],
    ["a port that is none", "http://proxy:70000"],
    ["no host", "http://:3128"],
    ["a path", "http://proxy:3128/proxy.pac"],
    ["a query", "http://proxy:3128/?a=1"],
    ["a fragment", "http://svc:p#ss@proxy:3128"],
    ["a slash in the password", "http://svc:p/ss@proxy:3128"],
    ["an at in the password", "http://svc:p@ss@proxy:3128"],
    ["a per cent that encodes nothing", "http://svc:100%@proxy:3128"],
    ["bytes that are no text", "http://svc:%FF@proxy:3128"],
    ["a colon in the user", "http://a%3Ab:pw@proxy:3128"],
    ["two lines", "http://proxy:3128\nhttp://other:3128"],
  ])("is refused with %s", (_what, text) => {
    expect(readProxyUrl(text)).toBeNull();
  });
});
