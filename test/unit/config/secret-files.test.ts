import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readEnvironment } from "../../../src/config/environment.ts";

const directory = mkdtempSync(join(tmpdir(), "hookwave-secrets-"));
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

describe("a secret from a file", () => {
  it("is read without the line's end, and the variable that names it is known", () => {
    const { apiKey, redisUrl, warnings } = readEnvironment({
      HOOKWAVE_API_KEY_FILE: file("key", `${"k".repeat(32)}\n`),
      REDIS_URL_FILE: file("url", "redis://:p%40ss@valkey:6379\n"),
      HOOKWAVE_ENCRYPTION_KEY_FILE: "",
    });
    expect([apiKey, redisUrl]).toEqual(["k".repeat(32), "redis://:p%40ss@valkey:6379"]);
    expect(warnings).toEqual([]);
  });

  it("is refused by the name of its own variable where it cannot be used, and is not shown", () => {
    const env = { HOOKWAVE_API_KEY_FILE: file("short", "hunter2") };
    expect(() => readEnvironment(env)).toThrow(
      /HOOKWAVE_API_KEY: expected .*, got a hidden value of 7 characters/,
    );
    expect(() => readEnvironment(env)).not.toThrow(/hunter2/);
  });

  it("is refused where both are given, or the file cannot be read, all at once", () => {
    const missing = join(directory, "nowhere");
    const env = {
      HOOKWAVE_API_KEY: "k".repeat(32),
      HOOKWAVE_API_KEY_FILE: file("other", "o".repeat(32)),
      REDIS_URL_FILE: missing,
    };
    expect(() => readEnvironment(env)).toThrow(
      /HOOKWAVE_API_KEY_FILE: expected either it or HOOKWAVE_API_KEY, got both/,
    );
    expect(() => readEnvironment(env)).toThrow(new RegExp(`REDIS_URL_FILE: .*got ENOENT for ${missing}`));
  });

  it("is refused where its file is empty, and never shown where it was put in the place of a path", () => {
    expect(() => readEnvironment({ HOOKWAVE_ENCRYPTION_KEY_FILE: file("empty", "\n") })).toThrow(
      /HOOKWAVE_ENCRYPTION_KEY_FILE: expected a file with its value, got an empty one/,
    );
    const mistaken = { HOOKWAVE_API_KEY_FILE: "hunter2" };
    expect(() => readEnvironment(mistaken)).toThrow(/got ENOENT for a hidden name of 7 characters/);
    expect(() => readEnvironment(mistaken)).not.toThrow(/hunter2/);
  });

  it("is for secrets only: of any other setting it is a typing error, with a warning", () => {
    const { port, warnings } = readEnvironment({ HOOKWAVE_PORT_FILE: file("port", "1") });
    expect(port).toBe(8420);
    expect(warnings).toEqual([expect.stringMatching(/^HOOKWAVE_PORT_FILE is ignored/)]);
  });
});
