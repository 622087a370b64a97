/** Row 7: a Redis that would lose accepted events is told of, or refused, when the service starts (traps 6, 7). */
import { EXIT } from "../../../src/cli/exit-codes.ts";
import { connected, freshDirectory, type RunningCommand, startCommand } from "../../support/command.ts";
import type { Row } from "../harness/row.ts";
import type { Scene } from "../harness/scene.ts";

const SAID_WITHIN_MS = 3_000;

export const unsafeRedis: Row = {
  number: 7,
  fault: "Redis without AOF / with an eviction policy",
  accepts: false,
  run: async (scene) => {
    await warnsWithoutAof(scene);
    await refuses(scene, "that evicts", ["--maxmemory-policy", "allkeys-lru"], {}, "noeviction");
    await refuses(scene, "without AOF (REQUIRE_AOF)", ["--appendonly", "no"], REQUIRE_AOF, "appendonly yes");
  },
};

const REQUIRE_AOF = { REQUIRE_AOF: "true" };

async function warnsWithoutAof(scene: Scene): Promise<void> {
  const redis = await scene.startRedis("everysec", "--appendonly", "no");
  const directory = scene.keep(await freshDirectory());
  const variables = scene.variables({ REDIS_URL: redis.url, HOOKWAVE_DATA_DIR: directory.path });
  const service = scene.keep(startCommand(["start", "--role", "worker"], variables));
  await connected(service);
  const tookMs = sinceFirstLine(service);
  const lines = service
    .log()
    .filter(({ notice }) => String(notice).includes("append-only file: if it is killed"));
  const found = `${lines.length} line(s) in ${tookMs.toFixed(0)} ms`;
  scene.check("without AOF it warns in one line", lines.length === 1 && tookMs <= SAID_WITHIN_MS, found);
}

async function refuses(
  scene: Scene,
  what: string,
  serverArgs: readonly string[],
  more: Readonly<Record<string, string>>,
  remedy: string,
): Promise<void> {
  const redis = await scene.startRedis("everysec", ...serverArgs);
  const directory = scene.keep(await freshDirectory());
  const variables = scene.variables({
    REDIS_URL: redis.url,
    HOOKWAVE_DATA_DIR: directory.path,
    ...more,
  });
  const service = scene.keep(startCommand(["start", "--role", "worker"], variables));
  const code = await service.ended();
  const tookMs = sinceFirstLine(service);
  const said = service.stderr();
  const saysWhat = said.startsWith("error REDIS_UNSAFE") && said.includes(remedy);
  scene.check(
    `a Redis ${what} is refused, and what to do about it is said`,
    code === EXIT.configuration && tookMs <= SAID_WITHIN_MS && saysWhat,
    `exit ${code} in ${tookMs.toFixed(0)} ms: ${said.split("\n").at(-2)?.trim()}`,
  );
}

/** A busy machine may take seconds to load a program, which says nothing about it. In ms. */
function sinceFirstLine(service: RunningCommand): number {
  return Date.now() - Date.parse(String(service.log()[0]?.["time"]));
}
