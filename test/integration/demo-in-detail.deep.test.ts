/** The demo as a person has it: its lines, its clock, its end, and the act of the migration. */
import { readdir } from "node:fs/promises";
import { describe, expect, it, vi } from "vitest";
import { playMigration } from "../../src/cli/demo/migration/play.ts";
import { openMigrationStage } from "../../src/cli/demo/migration/stage.ts";
import { rowsOf } from "../../src/cli/demo/migration/tally.ts";
import { run } from "../../src/cli/run.ts";
import { freshDirectory, runCommand, spawnCommand, startCommand } from "../support/command.ts";
import { plainTerminal } from "../support/plain-terminal.ts";
import { until } from "../support/until.ts";

describe("hookwave demo", () => {
  it("shows a line per attempt and the summary, and with --keep goes on until Ctrl-C", async () => {
    await using directory = await freshDirectory();
    await using demo = startCommand(["demo", "--fast", "--keep"], { HOOKWAVE_DATA_DIR: directory.path });
    await until("it invites to try", () => demo.stdout().includes("curl"));

    const lines = demo.stdout().split("\n");
    expect(lines.filter((line) => /delivered 200 +\d+ ms +verified/.test(line))).toHaveLength(10);
    expect(lines.filter((line) => /refused 50[03] +\d+ ms +in \d/.test(line))).toHaveLength(9);
    expect(lines.filter((line) => / broken +#6 .* dead letter/.test(line))).toHaveLength(1);
    expect(lines.filter((line) => / broken +replay .* verified/.test(line))).toHaveLength(1);
    expect(lines.filter((line) => /^ {2}(yes|NO) /.test(line)).length).toBe(7);
    const health = /curl (\S+)/.exec(demo.stdout())?.[1] ?? "";
    expect((await fetch(health)).status).toBe(200);
    const page = /(http\S+\/console)\b/.exec(demo.stdout())?.[1] ?? "";
    expect(await (await fetch(page)).text()).toContain("<title>Hookwave</title>");
    const redis = /status --redis (\S+)/.exec(demo.stdout())?.[1] ?? "";
    expect((await runCommand(["status", "--redis", redis])).code).toBe(0);

    // Its exit code says what its lines say; on a busy machine one may be that it was late.
    const broken = lines.filter((line) => line.startsWith("  NO "));
    expect(broken.filter((line) => !line.includes("broken was tried again"))).toEqual([]);
    demo.interrupt();
    expect(await demo.ended()).toBe(broken.length === 0 ? 0 : 1);
    expect(await readdir(directory.path)).toEqual([]);
  });

  it("counts TIME from the publish, and not from when it began to set the stage", async () => {
    await using directory = await freshDirectory();
    vi.stubEnv("HOOKWAVE_DATA_DIR", directory.path);
    const written: (readonly [number, string])[] = [];
    const write = (text: string): void => void written.push([performance.now(), text]);
    await run(["demo", "--fast"], plainTerminal({ write, writeError: write })).finally(() =>
      vi.unstubAllEnvs(),
    );

    const [announcedMs] = written.find(([, text]) => text.includes("publishing 7 events")) ?? [Number.NaN];
    const late = written.flatMap(([atMs, text]) => {
      const shown = /^ +(\d+\.\d\d) s /.exec(text)?.[1];
      return shown === undefined ? [] : [Number(shown) * 1_000 - (atMs - announcedMs)];
    });
    expect(late).toHaveLength(20);
    // What is shown is rounded to 10 ms.
    expect(Math.max(...late)).toBeLessThanOrEqual(5);
  });

  it("ends with 1 and tidies up when it is interrupted", async () => {
    await using directory = await freshDirectory();
    await using demo = startCommand(["demo"], { HOOKWAVE_DATA_DIR: directory.path });
    await until("the first attempts are over", () => demo.stdout().includes("refused"));
    demo.interrupt();
    expect(await demo.ended()).toBe(1);
    expect(await readdir(directory.path)).toEqual([]);
  });
});

describe("hookwave demo --migration", () => {
  it("switches the phases under load, and each side has what each phase promises", async () => {
    await using directory = await freshDirectory();
    const variables = { HOOKWAVE_DATA_DIR: directory.path };
    const words = ["demo", "--migration", "--fast", "--json"];
    const { code, stdout, stderr } = await spawnCommand(words, variables);
    const { checks, phases, obeyedInMs } = JSON.parse(stdout);

    expect(checks.filter((check: { holds: boolean }) => !check.holds)).toEqual([]);
    expect(checks).toHaveLength(10);
    expect(phases).toMatchObject([
      { act: "dual", missing: 0 },
      { act: "webhook", onList: 0, onChannel: 0, missing: 0 },
      { act: "redis", missing: 0 },
      { act: "dual again", missing: 0 },
      { act: "while switching", missing: 0 },
    ]);
    expect(obeyedInMs).toHaveLength(3);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(await readdir(directory.path), "it tidies up").toEqual([]);
  });
});

describe("the play of the migration", () => {
  it("lets each act last until one of its events has shown what it promises", async () => {
    await using directory = await freshDirectory();
    vi.stubEnv("HOOKWAVE_DATA_DIR", directory.path);
    const stage = await openMigrationStage(() => undefined).finally(() => vi.unstubAllEnvs());
    const narrator = { begins: () => undefined, obeyed: () => undefined, figures: () => "" };
    const screen = { line: () => undefined, progress: () => undefined, clear: () => undefined };
    const tempo = { actMs: 0, eventsPerSecond: 100 };
    const { sent, arrivals } = await playMigration(stage, tempo, narrator, screen).finally(stage.close);

    const acts = rowsOf(sent, arrivals).slice(0, -1);
    expect(acts.map(({ published, missing }) => published > 0 && missing === 0)).toEqual(
      acts.map(() => true),
    );
  });
});
