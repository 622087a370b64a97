/** deploy/systemd/hookwave.service: systemd's own judgement where it is there, and its names against the settings. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import { runTool } from "../support/prometheus.ts";
import { readRepositoryFile } from "../support/repository.ts";
import { toolPath } from "../support/tools.ts";

/** Of 10, which is a process that may do everything. */
const EXPOSURE_MAX = 2;

const unit = readRepositoryFile("deploy/systemd/hookwave.service");
const valuesOf = (key: string): readonly string[] =>
  [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value = ""]) => value);
const environment = Object.fromEntries(valuesOf("Environment").map((one) => one.split("=")));

/** With a Node that is there: where it is on the target nobody can say here. */
async function unitFile() {
  const folder = await mkdtemp(join(tmpdir(), "hookwave-systemd-"));
  const path = join(folder, "hookwave.service");
  await writeFile(path, unit.replace("/usr/bin/node", process.execPath));
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

describe("deploy/systemd/hookwave.service", () => {
  it("has no finding of systemd-analyze verify, and little exposure", async (test) => {
    const analyze = toolPath("systemd-analyze");
    if (analyze === null) return test.skip("systemd-analyze is not there");
    await using file = await unitFile();
    expect(await runTool(analyze, ["verify", file.path])).toEqual({ code: 0, said: "" });
    const { said } = await runTool(analyze, ["security", "--offline=true", "--no-pager", file.path]);
    expect(Number(/exposure level for \S+: ([\d.]+)/.exec(said)?.[1])).toBeLessThanOrEqual(EXPOSURE_MAX);
  });

  it("sets only what is a setting, and secrets by file only, from credentials that are loaded", () => {
    const known = SETTINGS.map(({ variable, isSecret }) =>
      isSecret === true ? `${variable}_FILE` : variable,
    );
    const { NODE_ENV, ...ours } = environment;
    expect(NODE_ENV).toBe("production");
    expect(Object.keys(ours).filter((variable) => !known.includes(variable))).toEqual([]);
    const credentials = valuesOf("LoadCredential").map((one) => one.split(":")[0]);
    const named = Object.entries(ours).filter(([variable]) => variable.endsWith("_FILE"));
    expect(named.map(([, path]) => path)).toEqual(credentials.map((name) => `%d/${name}`));
    expect(Object.keys(ours)).toContain("HOOKWAVE_ENCRYPTION_KEY_FILE");
  });

  it("keeps its state where it may write, and may write nowhere else", () => {
    expect(environment["HOOKWAVE_DATA_DIR"]).toBe(`%S/${valuesOf("StateDirectory")[0]}`);
    expect(valuesOf("ProtectSystem")).toEqual(["strict"]);
    expect(valuesOf("DynamicUser")).toEqual(["yes"]);
    expect(valuesOf("NoNewPrivileges")).toEqual(["yes"]);
    // V8 could not start.
    expect(valuesOf("MemoryDenyWriteExecute")).toEqual([]);
  });

  it("waits for a drain to its end, and starts again unless the configuration is wrong", () => {
    const { shutdownGraceMs } = readEnvironment({ SHUTDOWN_GRACE: environment["SHUTDOWN_GRACE"] });
    const [stopSec = ""] = valuesOf("TimeoutStopSec");
    expect(1_000 * Number.parseInt(stopSec, 10)).toBeGreaterThan(shutdownGraceMs + 5_000);
    expect(valuesOf("Restart")).toEqual(["on-failure"]);
    expect(valuesOf("RestartPreventExitStatus")).toEqual([`${EXIT.usage} ${EXIT.configuration}`]);
    // An embedded Redis is stopped by Hookwave, last.
    expect(valuesOf("KillMode")).toEqual(["mixed"]);
  });
});
