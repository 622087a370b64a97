/** docs/profiles.md says of each profile what the code does. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PROFILE_NAMES } from "../../src/core/endpoint.ts";
import { profiles } from "../../src/wire/profiles.ts";
import { exampleFolder, examplesOf, runExample } from "../support/doc-examples.ts";
import { startRedis } from "../support/service.ts";
import { anEvent, aSigning } from "../unit/wire/samples.ts";

const page = readFileSync(new URL("../../docs/profiles.md", import.meta.url), "utf8");

/** The rows of the first table that has `heading` for its first cell, as trimmed cells. */
function rowsOf(heading: string): readonly (readonly string[])[] {
  const table = page.split(`| ${heading} |`)[1]?.split("\n\n")[0] ?? "";
  const cells = (row: string) => row.split("|").slice(1, -1);
  return table
    .split("\n")
    .slice(2)
    .map((row) => cells(row).map((cell) => cell.trim()));
}

const inCode = (text: string): readonly string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? "");

describe("docs/profiles.md", () => {
  it("lists the profiles of the registry in its order, and no other", () => {
    expect(rowsOf("profile").map(([name]) => name)).toEqual(PROFILE_NAMES.map((name) => `\`${name}\``));
    expect(Object.keys(profiles)).toEqual([...PROFILE_NAMES]);
  });

  it.each(PROFILE_NAMES)("names each header and body member of %s, and whether a 4xx is final", (name) => {
    const [, body = "", headers = "", final] = rowsOf("profile")[PROFILE_NAMES.indexOf(name)] ?? [];
    const event = anEvent({ data: '{"job_id":"j"}' });
    const { options } = aSigning();
    const signing = aSigning({ options: { ...options, replayProtection: true } });
    const named = inCode(headers).map((code) => code.split(":")[0]);
    for (const header of Object.keys(profiles[name].headers(event, "{}", signing)))
      expect(named).toContain(header);
    const members = [...body.matchAll(/"(\w+)"/g)].map(([, member]) => member);
    const sent = profiles[name].body(event);
    expect(body === "the data" ? sent === event.data : Object.keys(JSON.parse(sent))).toEqual(
      body === "the data" ? true : members,
    );
    expect(final).toBe(profiles[name].isFinal(404) ? "3xx, 4xx" : "–");
  });

  it("says for each profile how it rotates", () => {
    const rotating = rowsOf("profiles").flatMap(([names = ""]) => inCode(names));
    expect(rotating.toSorted()).toEqual([...PROFILE_NAMES].toSorted());
  });

  it("shows registrations that are accepted", async () => {
    await using redis = await startRedis();
    await using folder = await exampleFolder();
    const outputs: string[] = [];
    for (const [n, code] of (await examplesOf("docs/profiles.md", "ts")).entries()) {
      const path = await folder.write(`profiles-${n}.ts`, code.replace("redis://127.0.0.1:6379", redis.url));
      outputs.push(await runExample(path, { HOOKWAVE_DATA_DIR: redis.dataDir }));
    }
    expect(outputs).toEqual([expect.stringContaining("whpk_"), ""]);
  });
});
