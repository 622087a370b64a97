import { describe, expect, it } from "vitest";
import { isLoopbackName } from "../../../src/core/loopback.ts";

describe("a name of this very machine", () => {
  it.each(["localhost", "127.0.0.1", "127.8.9.10", "[::1]"])("is %s", (name) => {
    expect(isLoopbackName(name)).toBe(true);
  });

  it.each(["", "localhost.example.com", "127.0.0.1.example.com", "1127.0.0.1", "::1", "[::2]", "10.0.0.1"])(
    "is not %j",
    (name) => {
      expect(isLoopbackName(name)).toBe(false);
    },
  );
});
