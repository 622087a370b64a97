/** docs/doctor.md: a row for each check there is, in the order in which they are shown. */
import { describe, expect, it } from "vitest";
import { CHECKS } from "../../src/manage/doctor/finding.ts";
import { readRepositoryFile } from "../support/repository.ts";

const page = readRepositoryFile("docs/doctor.md");

describe("docs/doctor.md", () => {
  it("says of every check what makes it bad, and has no other", () => {
    const rows = [...page.matchAll(/^\| `([a-z_.]+)` \| (.+) \| (.+) \|$/gm)];
    expect(rows.map(([, check]) => check)).toEqual([...CHECKS]);
  });
});
