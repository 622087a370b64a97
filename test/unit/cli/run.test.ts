import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../../src/cli/grammar.ts";
import { RUNNERS, run } from "../../../src/cli/run.ts";
import type { Look } from "../../../src/cli/terminal.ts";
import { VERSION } from "../../../src/wire/version.ts";
import { plainTerminal } from "../../support/plain-terminal.ts";
import { say } from "../../support/say.ts";

describe("a refusal", () => {
  it("is coloured as standard error is, whatever standard output is", async () => {
    let told = "";
    const writeError = (text: string): void => {
      told += text;
    };
    const errors: Look = { style: (hue, text) => `<${hue}>${text}</>`, columns: 40 };
    await run(["bogus"], { ...plainTerminal({ write: writeError, writeError }), errors });
    expect(told).toBe(`<red>error USAGE</>
  expected  a command
  got       "bogus"
  do        \`hookwave help\` lists what
            there is
`);
  });
});

describe("a command line", () => {
  it.each([
    [["statsu"], 'did you mean "status"'],
    [["stat"], 'did you mean "status"'],
    [["xyzzy"], "do        `hookwave help` lists"],
    [["status", "--unheard-of"], "do        `hookwave help` lists"],
    [["--json=yes", "status"], "--json without a value"],
    [["endpoints"], "add, list, show, set"],
    [["endpoints", "lsit"], 'did you mean "endpoints list"'],
    [["status", "--jsno"], 'did you mean "--json"'],
    [["status", "-j"], 'got       "-j"'],
    [["status", "now"], "1 more"],
    [["publish", "invoice.paid"], "no <json|@file|->"],
    [["endpoints", "add", "https://example.com", "--id", "--json"], "--id <id>"],
    [["endpoints", "add", "https://example.com", "--id", "a", "--id", "b"], "--id once"],
    [["endpoints", "add", "https://example.com", "--timeout", "soon"], "15s, 2m or 24h"],
    [["endpoints", "add", "https://example.com", "--retry-schedule", "2s,x"], "15s, 2m or 24h"],
    [["endpoints", "add", "https://example.com", "--max-in-flight", "-1"], "--max-in-flight <n>"],
    [["endpoints", "add", "https://example.com", "--max-retries", "few"], "a whole number"],
    [["endpoints", "add", "https://example.com", "--rate-limit", "fast"], "such as 100/1m"],
    [["endpoints", "add", "https://example.com", "--metadata", "team"], "key=value"],
    [["endpoints", "add", "https://example.com", "--profile", "hokusia"], 'did you mean "hokusai"'],
    [["endpoints", "add", "https://example.com", "--further-profile", "gtihub"], 'did you mean "github"'],
    [["endpoints", "add", "https://example.com", "--header", "X-Key"], "'Name: value'"],
    [["dead-letters", "list", "--limit", "all"], "from 1 to 1000"],
    [["dead-letters", "replay"], "--all"],
    [["dead-letters", "replay", "x", "--all"], "got       both"],
    [["dead-letters", "replay", "x", "--rate", "5"], "an id beside them"],
    [["dead-letters", "replay", "x", "--type", "job.*"], "an id beside them"],
    [["dead-letters", "replay", "--all", "--rate", "0"], "from 1 to 10000"],
    [["dead-letters", "list", "--endpoint", "a.b"], "an endpoint's id"],
    [["dead-letters", "list", "--type", "Not a type"], "a family such as job.*"],
    [["dead-letters", "list", "--reason", "exausted"], 'did you mean "exhausted"'],
    [["dead-letters", "list", "--since", "yesterday"], "2026-01-31T12:00:00Z"],
    [["dead-letters", "purge"], "--yes"],
    [["start", "--role", "wroker"], 'did you mean "worker"'],
    [["publish", "invoice.paid", "@/nowhere"], "ENOENT"],
    [["status", "--redis", "localhost"], "redis://localhost:6379"],
    [["status", "--redis", "redis://localhost", "--api", "http://localhost"], "--api or --redis"],
    [["status", "--api", "localhost:8420"], "starts with https:// or http://"],
    [["status", "--api", "http://me:hush@localhost"], "without user"],
    [["help", "statsu"], "a command to explain"],
    [["listen"], "--secret <text>"],
    [["listen", "--secret", "s", "--fail-rate", "30%"], "a share from 0 to 1"],
    [["listen", "--secret", "s", "--fail-rate", "1.1"], "a share from 0 to 1"],
    [["listen", "--secret", "s", "--delay", "1h"], "at most 10m"],
    [["listen", "--secret", "s", "--port", "65536"], "from 0 to 65535"],
    [["listen", "--secret", "s", "--forward-to", "localhost:3000"], "an http or https URL"],
    [["verify", "request.http"], "--secret <text>"],
    [["certify", "https://example.com/hook"], "--secret <text>"],
    [["verify", "request.http", "--secret", ""], "one that cannot be used"],
    [["verify", "request.http", "--secret", "whsec_c2hvcnQ="], "one that cannot be used"],
    [["verify", "request.http", "--secret", "whsk_c2VjcmV0"], "the public key whpk_"],
    [["verify", "/nowhere", "--secret", "s"], "ENOENT"],
    [["verify", "request.http", "--secret", "s", "--at", "noon"], "2026-01-31T12:00:00Z"],
    [["verify", "request.http", "--secret", "s", "--at", "2026-02-31T12:00:00"], "2026-01-31T12:00:00Z"],
    [["verify", "request.http", "--secret", "s", "--url", "/hook"], "an http or https URL"],
  ])("that cannot be understood ends with 64: %j", async (words, hint) => {
    const { code, stdout, stderr } = await say(...words);
    if (words.includes("--json")) expect(JSON.parse(stderr).error.expected).toBe(hint);
    else expect(stderr).toContain(hint);
    expect(stdout).toBe("");
    expect(code).toBe(64);
  });

  it.each([
    [["endpoints", "add", "https://example.com", "--header", "Authorization Bearer hunter2"]],
    [["endpoints", "add", "https://example.com", "--header", ": hunter2"]],
    [["endpoints", "add", "https://example.com", "--ed25519=hunter2"]],
    [["endpoints", "add", "https://example.com", "--secret", "one", "hunter2"]],
    [["endpoints", "rotate", "ep_1", "hunter2"]],
    [["listen", "--secret", "s", "--forward-to", "htp://u:hunter2@localhost:3000"]],
    [["verify", "request.http", "--secret", "s", "--url", "/hook?token=hunter2"]],
    [["status", "--api", "http://me:hunter2@localhost"]],
    [["status", "--redis", "tcp://:hunter2@localhost"]],
  ])("that may hold a secret in the wrong place is not repeated: %j", async (words) => {
    const { code, stdout, stderr } = await say(...words);
    expect(code).toBe(64);
    expect(stdout + stderr).not.toContain("hunter2");
  });

  it("that is empty is answered with help", async () => {
    expect(await say()).toEqual(await say("help"));
    expect((await say()).code).toBe(0);
  });

  it("that asks for the version gets it", async () => {
    expect(await say("--version")).toMatchObject({ code: 0, stdout: `${VERSION}\n` });
    expect(await say("-v")).toEqual(await say("--version"));
    expect(JSON.parse((await say("--version", "--json")).stdout)).toEqual({ version: VERSION });
  });

  it("that asks a family for help is told of its commands", async () => {
    const { code, stdout } = await say("endpoints", "-h");
    expect(code).toBe(0);
    expect(stdout).toContain("  endpoints rotate <id>");
    expect(stdout).not.toContain("dead-letters");
    expect(await say("endpoints", "--help")).toEqual(await say("help", "endpoints"));
    expect(await say("-h")).toEqual(await say("help"));
    expect(await say("status", "-h")).toEqual(await say("help", "status"));
  });

  it("that asks a command for help gets that command's options, and nothing is done", async () => {
    const { code, stdout } = await say("dead-letters", "purge", "--help");
    expect(code).toBe(0);
    expect(stdout).toContain("--yes");
    expect(stdout).not.toContain("--role");
  });

  it("can name every command of the grammar, and no other is there", () => {
    expect(Object.keys(RUNNERS)).toEqual(COMMANDS.map(({ name }) => name));
  });

  it("with --json is answered with one JSON document, also when it fails", async () => {
    expect(JSON.parse((await say("help", "--json")).stdout).commands).toHaveLength(COMMANDS.length);
    expect(JSON.parse((await say("nothing", "--json")).stderr)).toEqual({
      error: { code: "USAGE", expected: "a command", got: '"nothing"', remedy: expect.any(String) },
    });
  });
});
