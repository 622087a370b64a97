/**
 * `hookwave start`: the service as a process. What it has to say it says in its log; it ends with 0 after a
 * clean drain, with 78 when only a change of the configuration can help.
 */

import { type Config, readEnvironment, readSearchPath } from "../../config/environment.ts";
import { roughSpan } from "../../core/duration.ts";
import { HookwaveError } from "../../core/errors.ts";
import { openStandalone, type Standalone } from "../../process/standalone.ts";
import type { Invocation } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { ended, type Report } from "../report.ts";
import type { Terminal } from "../terminal.ts";
import { listenForStop } from "../told-to-stop.ts";
import { choice } from "../values.ts";

/** Beyond the grace that open POSTs get: for the API, the connections and the embedded Redis. */
const OVERTIME_MS = 5_000;

export async function start(asked: Invocation, terminal: Terminal): Promise<Report> {
  const config = readEnvironment();
  const role = choice(asked, "role", ["all", "api", "worker"]) ?? config.role;
  let service: Standalone | undefined;
  const stop = listenForStop(() => service?.abandon());
  try {
    service = await openStandalone({
      config: { ...config, role },
      searchPath: readSearchPath(),
      log: { level: config.logLevel, paint: isPretty(config, terminal) ? terminal.style : undefined },
    });
    await Promise.race([serve(service, config), stop.asked]);
    return ended(EXIT.ok);
  } finally {
    if (service !== undefined) await closeInTime(service, config.shutdownGraceMs + OVERTIME_MS, terminal);
    stop.ignore();
  }
}

const isPretty = ({ logFormat }: Config, { isInteractive }: Terminal): boolean =>
  logFormat === "auto" ? isInteractive : logFormat === "pretty";

/**
 * The process does not outlive its supervisor's patience, whatever hangs (a drain that waits for a Redis which is
 * gone).
 */
async function closeInTime(service: Standalone, limitMs: number, terminal: Terminal): Promise<void> {
  const overdue = setTimeout(() => {
    terminal.writeError(
      `error: not drained within ${roughSpan(limitMs)}; ending anyway, nothing accepted is lost\n`,
    );
    service.abandon();
    process.exit(EXIT.failure);
  }, limitMs);
  await service.close();
  clearTimeout(overdue);
}

/** Runs until something fails; Redis being away is no failure. */
async function serve(service: Standalone, config: Config): Promise<never> {
  try {
    await service.start();
  } catch (error) {
    throw asConfiguration(error, config);
  }
  return await new Promise<never>(() => undefined);
}

/** An endpoint that is refused at start comes from WEBHOOK_URL and its companions. */
function asConfiguration(error: unknown, { webhookUrl }: Config): unknown {
  if (!(error instanceof HookwaveError) || error.code !== "ENDPOINT_INVALID" || webhookUrl === null)
    return error;
  const { expected, got, remedy } = error;
  return new HookwaveError(
    "CONFIG_INVALID",
    { expected: `WEBHOOK_URL and its companions to describe ${expected}`, got, remedy },
    { cause: error },
  );
}
