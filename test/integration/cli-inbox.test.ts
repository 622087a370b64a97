/** `hookwave sources …` and `hookwave callbacks …`, against a service. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCommand } from "../support/command.ts";
import { callback, deliver, type Inbox, idOf, OTHER_SECRET, SECRET, startInbox } from "../support/inbox.ts";

let inbox: Inbox;
beforeEach(async () => {
  inbox = await startInbox();
});
afterEach(async () => {
  await inbox[Symbol.asyncDispose]();
});

const hookwave = (...words: readonly string[]) => runCommand([...words, "--api", inbox.api.url]);

describe("hookwave sources", () => {
  it("adds, changes, lists, shows and removes one, and never shows a secret", async () => {
    const added = await hookwave("sources", "add", "llm", "--profile", "llm-service", "--secret", SECRET);
    expect(added).toMatchObject({ code: 0, stdout: expect.stringMatching(/added[\s\S]*path +\/in\/llm/) });
    const set = await hookwave(
      "sources",
      "set",
      "llm",
      "--on-invalid",
      "flag",
      "--secret",
      "a",
      "--secret",
      "b",
    );
    expect(set.stdout).toBe("changed secret, on_invalid of llm\n");
    const listed = await hookwave("sources", "list");
    expect(listed.stdout).toMatch(/llm +llm-service +2 +flag +\/in\/llm/);
    const shown = await hookwave("sources", "show", "llm", "--json");
    expect(JSON.parse(shown.stdout)).toMatchObject({ id: "llm", secret_count: 2 });
    expect([added, set, listed, shown].map(({ stdout }) => stdout).join()).not.toContain(SECRET);
    expect(await hookwave("sources", "remove", "llm")).toMatchObject({ code: 0, stdout: "removed llm\n" });
    expect((await hookwave("sources", "list")).stdout).toContain("no sources; add one with");
  });

  it("says of one without a secret what that means, and of one without a profile what is missing", async () => {
    const added = await hookwave("sources", "add", "open", "--profile", "hmac");
    expect(added.stdout).toContain("anybody may send in its name");
    expect(await hookwave("sources", "add", "two")).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("--profile with one of standard"),
    });
    expect((await hookwave("sources", "set", "open")).code).toBe(64);
  });
});

describe("hookwave callbacks", () => {
  it("lists what came in, shows one, and publishes it", async () => {
    const { api, source } = inbox;
    expect((await hookwave("callbacks", "list")).stdout).toContain("no callbacks here");
    await source();
    const id = idOf(await callback(api, "cb-1"));
    await callback(api, "cb-2", {}, OTHER_SECRET);

    const listed = await hookwave("callbacks", "list");
    expect(listed.stdout).toMatch(
      /invalid, refused +workflow\.completed +cb-2[\s\S]*valid +workflow\.completed +cb-1/,
    );
    const unseen = await hookwave("callbacks", "list", "--signature", "valid", "--unseen", "--since", "1h");
    expect(unseen.stdout).toContain("cb-1");
    expect(unseen.stdout).not.toContain("cb-2");
    const shown = await hookwave("callbacks", "show", id);
    expect(shown.stdout).toMatch(
      /signature +valid[\s\S]*content-type +application\/json[\s\S]*"callback_id":"cb-1"/,
    );
    const forwarded = await hookwave("callbacks", "forward", id);
    expect(forwarded.stdout).toBe(`published ${id}_1, callback.llm with its body as data\n`);
  });

  it("says of some that they have been seen, and then does not list them among the unseen", async () => {
    const { api, source } = inbox;
    await source();
    const [one, other] = [idOf(await callback(api, "cb-seen-1")), idOf(await callback(api, "cb-seen-2"))];
    await callback(api, "cb-unseen");

    expect(await hookwave("callbacks", "seen", one, other)).toMatchObject({
      code: 0,
      stdout: `${one} has been seen\n${other} has been seen\n`,
    });
    const { stdout } = await hookwave("callbacks", "list", "--unseen");
    expect(stdout).toContain("cb-unseen");
    expect(stdout).not.toContain("cb-seen");
    expect(await hookwave("callbacks", "seen", "cb_none")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("CALLBACK_UNKNOWN"),
    });
    expect(await hookwave("callbacks", "seen")).toMatchObject({ code: 64 });
  });

  it("shows no terminal what it would obey, whoever wrote it", async () => {
    const { api, source } = inbox;
    await source({ secret: null });
    const body = '{"event":"\\u001b[31mred","callback_id":"a\\u0007"}\n\u001b]0;owned\u0007 \u202Egpj.exe';
    const id = idOf(await deliver(api, { headers: { "webhook-id": "x" }, body }));
    const texts = [await hookwave("callbacks", "show", id), await hookwave("callbacks", "list")];

    for (const { stdout } of texts)
      for (const obeyed of ["\u001b", "\u0007", "\u202e"]) expect(stdout).not.toContain(obeyed);
    expect(texts[0]?.stdout).toContain("]0;owned");
  });
});
