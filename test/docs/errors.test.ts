/** The list of errors is complete, and says what the code says. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { REQUEST_ERROR_CODES } from "../../src/api/problem.ts";
import { ERROR_CODES } from "../../src/core/errors.ts";

const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), "utf8");

describe("docs/errors.md", () => {
  it("documents every error code with the meaning it has in the code, and no other", async () => {
    const rows = (await read("docs/errors.md")).matchAll(/^\| `([A-Z_]+)` \| ([^|]+) \|/gm);
    expect(Object.fromEntries([...rows].map(([, code, meaning]) => [code, meaning]))).toEqual({
      ...ERROR_CODES,
      ...REQUEST_ERROR_CODES,
    });
  });
});
