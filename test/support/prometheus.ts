/** Prometheus' own tools, where they are installed (Debian: prometheus, prometheus-alertmanager); CI always has them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { IS_DEEP } from "./depth.ts";

export const INSTALL = "apt-get install --no-install-recommends prometheus prometheus-alertmanager";

/** The path of a tool, or null where it is not there; a deep run insists on it. */
export function findTool(name: "promtool" | "amtool" | "prometheus"): string | null {
  const directories = (process.env["PATH"] ?? "").split(delimiter);
  const path = directories.map((directory) => join(directory, name)).find(existsSync);
  if (path === undefined && IS_DEEP) throw new Error(`expected ${name} on PATH, got none; ${INSTALL}`);
  return path ?? null;
}

export interface Checked {
  readonly code: number;
  /** Both of its outputs. */
  readonly said: string;
}

export async function runTool(path: string, args: readonly string[], input = ""): Promise<Checked> {
  const child = spawn(path, args);
  const exited = once(child, "close");
  child.stdin.on("error", () => undefined).end(input);
  const said = await Promise.all([text(child.stdout), text(child.stderr)]);
  await exited;
  return { code: child.exitCode ?? -1, said: said.join("") };
}
