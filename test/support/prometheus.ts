/** Prometheus' own tools, where they are installed (Debian: prometheus, prometheus-alertmanager); CI always has them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { IS_DEEP } from "./depth.ts";
import { keptPort } from "./kept-port.ts";
import { toolPath } from "./tools.ts";
import { until } from "./until.ts";

export const INSTALL = "apt-get install --no-install-recommends prometheus prometheus-alertmanager";

/** The path of a tool, or null where it is not there; a deep run insists on it. */
export function findTool(name: "promtool" | "amtool" | "prometheus"): string | null {
  const path = toolPath(name);
  if (path === null && IS_DEEP) throw new Error(`expected ${name} on PATH, got none; ${INSTALL}`);
  return path;
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

/** A query's answer: what Prometheus has for it now. */
export interface Queried {
  /** Null unless it was refused. */
  readonly error: string | null;
  /** The values of its series that are numbers. */
  readonly values: readonly number[];
  /** The labels of each series. */
  readonly labels: readonly Readonly<Record<string, string>>[];
}

export interface PrometheusServer extends AsyncDisposable {
  readonly query: (expr: string) => Promise<Queried>;
}

const answerSchema = z.object({
  status: z.enum(["success", "error"]),
  error: z.string().optional(),
  data: z
    .object({
      result: z.array(
        z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
      ),
    })
    .optional(),
});

export interface PrometheusOptions {
  /** A target, host:port, of each job. */
  readonly jobs: Readonly<Record<string, string>>;
  /** Between two scrapes and between two looks at the rules, as Prometheus writes it: "1s". */
  readonly every: string;
  /** A file of rules; none where it is not given. */
  readonly rules?: string;
}

/** A Prometheus of the test's own on a free port of loopback. */
export async function startPrometheus(
  path: string,
  { jobs, every, rules }: PrometheusOptions,
): Promise<PrometheusServer> {
  const directory = await mkdtemp(join(tmpdir(), "hookwave-prometheus-"));
  const config = {
    global: { scrape_interval: every, evaluation_interval: every },
    rule_files: rules === undefined ? [] : [rules],
    scrape_configs: Object.entries(jobs).map(([job_name, target]) => ({
      job_name,
      static_configs: [{ targets: [target] }],
    })),
  };
  await writeFile(join(directory, "prometheus.yml"), JSON.stringify(config));
  const address = `127.0.0.1:${await keptPort()}`;
  const child = spawn(
    path,
    [
      `--config.file=${join(directory, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(directory, "data")}`,
      `--web.listen-address=${address}`,
    ],
    { stdio: "ignore" },
  );
  const exited = once(child, "exit");
  await until("Prometheus is ready", async () => (await fetch(`http://${address}/-/ready`)).ok, 30_000);
  return {
    query: async (expr) => {
      const url = new URL(`http://${address}/api/v1/query`);
      url.searchParams.set("query", expr);
      const { error = null, data } = answerSchema.parse(await (await fetch(url)).json());
      const series = data?.result ?? [];
      const values = series.map(({ value: [, text] }) => Number(text));
      return {
        error,
        values: values.filter((value) => !Number.isNaN(value)),
        labels: series.map(({ metric }) => metric),
      };
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
