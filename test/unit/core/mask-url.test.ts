import { describe, expect, it } from "vitest";
import { isMaskedUrl, maskUrl } from "../../../src/core/mask-url.ts";

describe("maskUrl", () => {
  it("leaves a host and its port as they are", () => {
    expect(maskUrl("https://example.com:8443/")).toBe("https://example.com:8443/");
    expect(maskUrl("http://127.0.0.1:64000")).toBe("http://127.0.0.1:64000/");
  });

  it("hides user information", () => {
    expect(maskUrl("https://user:s3cret@example.com/")).toBe("https://***@example.com/");
    expect(maskUrl("https://s3cret@example.com/")).toBe("https://***@example.com/");
    expect(maskUrl("https://:s3cret@example.com/")).toBe("https://***@example.com/");
  });

  it("hides a path and a query whole, because tokens stand in names and values alike", () => {
    expect(maskUrl("https://hooks.example.com/services/T0/B0/s3cret")).toBe("https://hooks.example.com/***");
    expect(maskUrl("https://example.com/?token=s3cret")).toBe("https://example.com/***");
    expect(maskUrl("https://example.com/?s3cret")).toBe("https://example.com/***");
  });

  it("drops a fragment, and hides all of what has no host", () => {
    expect(maskUrl("https://example.com/#s3cret")).toBe("https://example.com/");
    expect(maskUrl("s3cret")).toBe("***");
    expect(maskUrl("s3cret:s3cret")).toBe("***");
  });

  it("is recognised where something was hidden behind the host", () => {
    expect(isMaskedUrl(maskUrl("https://example.com/hook?token=s3cret"))).toBe(true);
    expect(isMaskedUrl(maskUrl("https://example.com/"))).toBe(false);
    expect(isMaskedUrl("https://example.com/hook")).toBe(false);
  });
});
