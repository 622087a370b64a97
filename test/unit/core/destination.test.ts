import { describe, expect, it } from "vitest";
import { readDestinations, wants } from "../../../src/core/destination.ts";

const url = "https://starter.example.com/callbacks/7";
const problemOf = (value: unknown): string => {
  const read = readDestinations(value);
  return "problem" in read ? read.problem : "none";
};

describe("reading destinations", () => {
  it("fills in what was left out, null or absent", () => {
    const full = { url, events: ["*"], profile: null, keyId: "default" };
    const asPythonWritesIt = { url, events: null, profile: null, keyId: null };
    expect(readDestinations([{ url }, asPythonWritesIt])).toEqual({ destinations: [full, full] });
  });

  it("reads again what it has read", () => {
    const read = readDestinations([
      { url, events: ["task_failed", "progress"], profile: "ai-core", keyId: "k" },
    ]);
    expect("destinations" in read && readDestinations(read.destinations)).toEqual(read);
  });

  it.each([undefined, null, []])("takes %j for none", (value) => {
    expect(readDestinations(value)).toEqual({ destinations: [] });
  });

  it.each([
    ["no list", { url }, "destinations: expected a list of at most 16, got an object"],
    ["too many", Array.from({ length: 17 }, () => ({ url })), "got a list of 17"],
    ["no object", ["https://a.example/"], "destinations[0]: expected an object with a url, got a text of 18"],
    ["no URL", [{ url }, {}], "destinations[1].url: expected an http or https URL"],
    ["another scheme", [{ url: "ftp://a.example/" }], "destinations[0].url:"],
    ["a URL that is none", [{ url: "https://a b/" }], "destinations[0].url:"],
    ["a URL without end", [{ url: `${url}${"a".repeat(2_048)}` }], "got a text of 2087 characters"],
    ["a password", [{ url: "https://u:p@a.example/" }], "destinations[0].url: expected a URL without user"],
    ["a user name", [{ url: "https:///u@a.example/" }], "destinations[0].url: expected a URL without user"],
    ["no event", [{ url, events: [] }], "destinations[0].events:"],
    ["one event outside a list", [{ url, events: "job.*" }], "destinations[0].events:"],
    ["a strange event", [{ url, events: ["A B"] }], "destinations[0].events:"],
    ["an unknown profile", [{ url, profile: "smtp" }], "destinations[0].profile:"],
    ["a key id with a dot", [{ url, keyId: "a.b" }], "destinations[0].keyId: expected an endpoint's id"],
    ["a number for a key id", [{ url, keyId: 7 }], "got a number"],
  ])("refuses %s", (_, value, problem) => {
    expect(problemOf(value)).toContain(problem);
  });

  it("refuses a secret inside, and repeats no value, which might be one", () => {
    expect(problemOf([{ url, secret: "s3cret" }])).toBe(
      'destinations[0]: expected only url, events, profile, keyId, got "secret"',
    );
    for (const member of ["url", "profile", "keyId", "events"])
      expect(problemOf([{ url, [member]: "wh sec s3cret" }])).not.toContain("s3cret");
    expect(problemOf([{ url: "https://u:s3cret@a.example/?t=s3cret" }])).not.toContain("s3cret");
  });
});

describe("what a destination wants", () => {
  it.each([
    ["*", "task_failed", true],
    ["job.*", "job.failed", true],
    ["task_failed", "task_failed", true],
    ["failed", "task_failed", true],
    ["failed", "job.failed", false],
    ["progress", "task_completed", false],
  ])("with %s: %s is %s", (event, type, expected) => {
    expect(wants({ url, events: [event], profile: null, keyId: "k" }, type)).toBe(expected);
  });
});
