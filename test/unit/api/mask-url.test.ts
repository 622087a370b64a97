import { describe, expect, it } from "vitest";
import { maskUrl } from "../../../src/api/mask-url.ts";

describe("maskUrl", () => {
  it("leaves a URL without secrets as it is", () => {
    expect(maskUrl("https://example.com:8443/hooks/orders")).toBe("https://example.com:8443/hooks/orders");
  });

  it("hides user information", () => {
    expect(maskUrl("https://user:s3cret@example.com/")).toBe("https://***@example.com/");
    expect(maskUrl("https://s3cret@example.com/")).toBe("https://***@example.com/");
  });

  it("hides the query's values and keeps their names", () => {
    expect(maskUrl("https://example.com/?token=s3cret&token=a=b&empty=")).toBe(
      "https://example.com/?token=***&token=***&empty=***",
    );
  });

  it("hides what stands alone in the query, because it may be the token", () => {
    expect(maskUrl("https://example.com/hook?s3cret&page=1")).toBe("https://example.com/hook?***&page=***");
  });

  it("drops a fragment, and hides all of what is no URL", () => {
    expect(maskUrl("https://example.com/#s3cret")).toBe("https://example.com/");
    expect(maskUrl("s3cret")).toBe("***");
  });
});
