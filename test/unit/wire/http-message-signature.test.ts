import { describe, expect, it } from "vitest";
import { keyFromBase64, keyFromText } from "../../../src/wire/hmac.ts";
import { contentDigest, signatureHeaders, signMessage } from "../../../src/wire/http-message-signature.ts";

describe("an HTTP message signature", () => {
  it("agrees with RFC 9421, appendix B.2.5", () => {
    const key = keyFromBase64(
      "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==",
    );
    const covered = {
      components: {
        date: "Tue, 20 Apr 2021 02:07:55 GMT",
        "@authority": "example.com",
        "content-type": "application/json",
      },
      parameters: { created: 1_618_884_473, keyid: "test-shared-secret" },
    };
    expect(signMessage(key, covered)).toBe("pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=");
  });

  it("names what it covers, in order, under the label of its signature", () => {
    const headers = signatureHeaders(keyFromText("k"), {
      components: { "@method": "POST", date: "now" },
      parameters: { created: 1, keyid: 'a "quoted" \\ key' },
    });
    expect(headers["Signature-Input"]).toBe(
      'sig1=("@method" "date");created=1;keyid="a \\"quoted\\" \\\\ key"',
    );
    expect(headers["Signature"]).toMatch(/^sig1=:[A-Za-z0-9+/]{43}=:$/);
  });
});

describe("a content digest", () => {
  it("agrees with RFC 9530, and is taken over UTF-8", () => {
    expect(contentDigest('{"hello": "world"}')).toBe(
      "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
    );
    expect(contentDigest("é")).toBe("sha-256=:SplVfkAzw1Od4utlRyAXytX5VX96BiWgnxw/biumnEw=:");
  });
});
