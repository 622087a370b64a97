/** The demo plays in full, twenty times as fast, and is honest about what came out. */
import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { type Finished, freshDirectory, spawnCommand } from "../support/command.ts";

describe("hookwave demo", () => {
  it("delivers, retries, buries and replays, and says so as one JSON document", async () => {
    await using directory = await freshDirectory();
    const { code, stdout, stderr } = await playInTime(directory.path);
    const summary = JSON.parse(stdout);

    expect(summary.checks.filter((check: { holds: boolean }) => !check.holds)).toEqual([]);
    expect(summary.receivers).toMatchObject([
      { receiver: "healthy", deliveries: 7, attempts: 7, verified: 7, delivered: 7, deadLettered: 0 },
      { receiver: "flaky", deliveries: 2, attempts: 6, verified: 6, delivered: 2, deadLettered: 0 },
      { receiver: "broken", deliveries: 1, attempts: 7, verified: 7, deadLettered: 1, replayed: 1 },
    ]);
    expect(summary.receivers[2].gapsMs).toHaveLength(5);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(await readdir(directory.path), "it tidies up").toEqual([]);
  });
});

/** A demo whose retries came late says so, whoever is to blame: three plays, as a pause of the machine is not ours. */
async function playInTime(dataDir: string): Promise<Finished> {
  for (let plays = 1; ; plays += 1) {
    const played = await spawnCommand(["demo", "--fast", "--json"], { HOOKWAVE_DATA_DIR: dataDir });
    const broken = JSON.parse(played.stdout).checks.filter((check: { holds: boolean }) => !check.holds);
    const isOnlyLate = broken.length === 1 && broken[0].claim.startsWith("broken was tried again");
    if (!isOnlyLate || plays === 3) return played;
  }
}
