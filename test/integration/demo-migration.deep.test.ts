/** The act of the demo that shows the migration, as a person sees it. */
import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { freshDirectory, startCommand } from "../support/command.ts";
import { until } from "../support/until.ts";

describe("hookwave demo --migration", () => {
  it("shows each switch with its command, and with --keep goes on until Ctrl-C", async () => {
    await using directory = await freshDirectory();
    const words = ["demo", "--migration", "--fast", "--keep"];
    await using demo = startCommand(words, { HOOKWAVE_DATA_DIR: directory.path });
    await until("it invites to try", () => demo.stdout().includes("migration status --redis"), 60_000);

    const text = demo.stdout();
    expect(
      text.match(/\$ hookwave migration set (?:webhook|redis|dual --backlog deliver) --reason/g),
    ).toHaveLength(3);
    expect(text.match(/both workers obeyed after \d+ ms/g)).toHaveLength(3);
    expect(text.match(/^ {2}yes {2}/gm)).toHaveLength(10);
    expect(text).toContain("everything came out as promised");
    demo.interrupt();
    expect(await demo.ended()).toBe(0);
    expect(await readdir(directory.path)).toEqual([]);
  });
});
