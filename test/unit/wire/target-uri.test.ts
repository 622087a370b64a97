import { describe, expect, it } from "vitest";
import { targetUri } from "../../../src/wire/target-uri.ts";

describe("a target URI", () => {
  it.each([
    ["https://Receiver.Example.com:443", "https://receiver.example.com/"],
    ["https://receiver.example.com:8443/a b?c=é", "https://receiver.example.com:8443/a%20b?c=%C3%A9"],
    ["http://127.1/hook", "http://127.0.0.1/hook"],
    ["https://bücher.example?", "https://xn--bcher-kva.example/?"],
    ["no URL", "no URL"],
  ])("is the URL as it is requested: %s", (url, requested) => {
    expect(targetUri(url)).toBe(requested);
  });
});
