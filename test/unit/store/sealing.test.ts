import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { asEndpointId } from "../../../src/core/brand.ts";
import { createSealer } from "../../../src/store/sealing.ts";

const owner = asEndpointId("ep_1");
const key = randomBytes(32);

describe("a sealed text", () => {
  it("is opened by the key that sealed it, for its owner, and shows nothing of what it holds", () => {
    const sealed = createSealer(key).seal("canary-secret", owner);
    expect(sealed).not.toContain("canary");
    expect(Buffer.from(sealed.slice(3), "base64url").toString("latin1")).not.toContain("canary");
    expect(createSealer(key).open(sealed, owner)).toBe("canary-secret");
  });

  it("is opened with the previous key, too, while one is replaced by the other, and told apart", () => {
    const [old, both] = [createSealer(key), createSealer(randomBytes(32), key)];
    const [before, after] = [old.seal("canary", owner), both.seal("canary", owner)];
    expect(both.open(before, owner)).toBe("canary");
    expect(both.open(after, owner)).toBe("canary");
    expect([before, after].map((sealed) => both.isCurrent(sealed, owner))).toEqual([false, true]);
    expect(() => old.open(after, owner), "the previous key seals nothing").toThrow(
      expect.objectContaining({ code: "SECRET_UNREADABLE" }),
    );
  });

  it("looks different each time", () => {
    const sealer = createSealer(key);
    expect(sealer.seal("same", owner)).not.toBe(sealer.seal("same", owner));
  });

  it.each([
    ["another key", () => createSealer(randomBytes(32)).open(createSealer(key).seal("x", owner), owner)],
    ["another owner", () => createSealer(key).open(createSealer(key).seal("x", owner), asEndpointId("ep_2"))],
    ["a changed byte", () => createSealer(key).open(flipOne(createSealer(key).seal("x", owner)), owner)],
    ["another format", () => createSealer(key).open("g9.AAAA", owner)],
    ...[4, 8, 12, 13, 14, 15].map((bytes): [string, () => string] => [
      `${bytes} bytes of a tag that would fit`,
      () => createSealer(key).open(withTagOf(bytes), owner),
    ]),
    ["no format", () => createSealer(key).open("", owner)],
  ])("is refused with a code that names the remedy: %s", (_what, open) => {
    expect(open).toThrow(expect.objectContaining({ code: "SECRET_UNREADABLE" }));
  });
});

/** Sealed nothing, with the first bytes of its right tag: what a forger needs to guess only these for. */
function withTagOf(bytes: number): string {
  const sealed = Buffer.from(createSealer(key).seal("", owner).slice(3), "base64url");
  return `g1.${sealed.subarray(0, 12 + bytes).toString("base64url")}`;
}

/** In its middle: the last character of base64 may hold bits that are not read. */
function flipOne(sealed: string): string {
  const at = Math.floor(sealed.length / 2);
  return `${sealed.slice(0, at)}${sealed[at] === "A" ? "B" : "A"}${sealed.slice(at + 1)}`;
}
