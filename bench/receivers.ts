/**
 * The receiver of the deliveries: nginx where there is one, because it costs the least; else a server of Node's. Both
 * count what they got, so that a mode which lost or repeated a delivery is found out.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { freePort } from "../src/process/embedded-redis.ts";
import { startChild } from "./children.ts";

export interface Receiver {
  readonly name: string;
  readonly url: string;
  /** POSTs so far. */
  readonly posts: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

export interface NodeReceiver extends Receiver {
  /** The lateness of each event, in ms, in the order of arrival; see due.ts. */
  readonly lateMs: () => Promise<readonly number[]>;
}

const addressSchema = z.object({ port: z.number() });
const reportSchema = z.object({ posts: z.number(), lateMs: z.array(z.number()) });

export async function startSink(dataDir: string): Promise<Receiver> {
  const nginx = await findNginx();
  return nginx === null ? await startNodeReceiver() : await startNginx(nginx, dataDir);
}

export async function startNodeReceiver(): Promise<NodeReceiver> {
  const child = await startChild("run-receiver.ts");
  const url = `http://127.0.0.1:${addressSchema.parse(child.said).port}`;
  const report = async () => reportSchema.parse(await (await fetch(url)).json());
  return {
    name: "node:http",
    url: `${url}/webhooks`,
    posts: async () => (await report()).posts,
    lateMs: async () => (await report()).lateMs,
    stop: child.stop,
  };
}

async function findNginx(): Promise<string | null> {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  for (const path of folders.map((folder) => join(folder, "nginx"))) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return null;
}

async function startNginx(nginx: string, dataDir: string): Promise<Receiver> {
  const port = await freePort();
  const config = join(dataDir, "nginx.conf");
  await writeFile(config, nginxConfig(port, dataDir));
  const child = spawn(nginx, ["-c", config, "-p", dataDir, "-e", "stderr"], { stdio: "inherit" });
  const exited = once(child, "exit");
  const url = `http://127.0.0.1:${port}`;
  let ownReads = 0;
  /** The request that asks is among those counted. */
  const posts = async (): Promise<number> => {
    const status = await (await fetch(`${url}/status`)).text();
    ownReads += 1;
    return Number(/^ \d+ \d+ (\d+)/m.exec(status)?.[1]) - ownReads;
  };
  await Promise.race([
    untilAnswering(posts),
    exited.then(([code]) => Promise.reject(new Error(`nginx ended with ${code}`))),
  ]);
  return {
    name: "nginx",
    url: `${url}/webhooks`,
    posts,
    stop: async () => {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** One process that answers from memory and writes nothing. */
function nginxConfig(port: number, dataDir: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
    daemon off;
    master_process off;
    pid ${join(dataDir, "nginx.pid")};
    events { worker_connections 1024; }
    http {
      access_log off;
      keepalive_requests 1000000000;
      keepalive_timeout 60s;
      ${temporary.map((name) => `${name}_temp_path ${join(dataDir, name)};`).join("\n      ")}
      server {
        listen 127.0.0.1:${port};
        location / { return 200; }
        location = /status { stub_status; }
      }
    }
  `;
}

async function untilAnswering(ask: () => Promise<unknown>): Promise<void> {
  const isAnswering = (): Promise<boolean> =>
    ask().then(
      () => true,
      () => false,
    );
  while (!(await isAnswering())) await sleep(10);
}
