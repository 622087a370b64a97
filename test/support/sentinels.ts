/** Three sentinels of a test's own, processes that watch over a master and its replicas on this machine. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freshDirectory } from "./command.ts";
import { keptPort } from "./kept-port.ts";
import type { TlsFiles } from "./tls-redis.ts";
import { until } from "./until.ts";

export interface Sentinels extends AsyncDisposable {
  /** Where they are, as `REDIS_URL` has it: host:port,host:port,host:port. */
  readonly hosts: string;
  readonly url: string;
  /** The port of whom they take for the master. */
  readonly masterPort: () => Promise<number>;
  /** Resolves when they know of so many replicas that could take over. */
  readonly untilReplicas: (count: number) => Promise<void>;
  /** As an operator asks for it; resolves when another one is the master. */
  readonly failover: () => Promise<void>;
}

export const MASTER = "mymaster";
const COUNT = 3;

export interface SentinelsOptions {
  /** Their own, without which they answer nothing. */
  readonly password?: string;
  /** They answer by TLS alone, and ask master and replicas by it. */
  readonly tls?: TlsFiles;
}

export async function startSentinels(masterPort: number, options: SentinelsOptions = {}): Promise<Sentinels> {
  const directory = await freshDirectory();
  const stack = new AsyncDisposableStack();
  stack.use(directory);
  const ask = (port: number, ...words: readonly string[]): Promise<unknown> =>
    askSentinel(port, options, words);
  const ports: number[] = [];
  while (ports.length < COUNT) {
    const port = await keptPort();
    const file = join(directory.path, `${port}.conf`);
    await writeFile(file, configuration(port, directory.path, masterPort, options));
    const child = spawn("redis-server", [file, "--sentinel"], { stdio: "ignore" });
    const exited = once(child, "exit");
    stack.defer(async () => {
      child.kill("SIGKILL");
      await exited;
    });
    // One whose port somebody else has taken meanwhile ends at once.
    const answer = await until("it answers, or has ended", () =>
      child.exitCode === null ? ask(port, "MYID") : "ended",
    );
    if (answer !== "ended") ports.push(port);
  }
  const [first = 0] = ports;
  const masterIs = async (port: number): Promise<number> => {
    const address = await ask(port, "GET-MASTER-ADDR-BY-NAME", MASTER);
    return Array.isArray(address) ? Number(address[1]) : 0;
  };
  const untilAll = async (what: string, holds: (port: number) => Promise<boolean>): Promise<void> => {
    for (const port of ports) await until(what, () => holds(port).catch(() => false), 30_000);
  };
  await untilAll("the sentinels know of each other", async (port) =>
    String(await ask(port, "CKQUORUM", MASTER)).startsWith(`OK ${COUNT} usable`),
  );
  const hosts = ports.map((port) => `127.0.0.1:${port}`).join(",");
  return {
    hosts,
    url: `${options.tls === undefined ? "redis" : "rediss"}+sentinel://${hosts}/${MASTER}`,
    masterPort: () => masterIs(first),
    untilReplicas: (count) =>
      untilAll(`the sentinels know of ${count} replicas`, async (port) => {
        const replicas = await ask(port, "REPLICAS", MASTER);
        const flags = Array.isArray(replicas) ? replicas.map((fields) => flagsOf(fields)) : [];
        return flags.filter((one) => one === "slave").length >= count;
      }),
    failover: async () => {
      const before = await masterIs(first);
      await ask(first, "FAILOVER", MASTER);
      await until("another one is the master", async () => (await masterIs(first)) !== before, 30_000);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function configuration(
  port: number,
  directory: string,
  masterPort: number,
  { password, tls }: SentinelsOptions,
): string {
  const lines = [
    ...(tls === undefined ? [`port ${port}`] : behindTls(port, tls)),
    "bind 127.0.0.1",
    `dir ${directory}`,
    `sentinel monitor ${MASTER} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${MASTER} 1000`,
    `sentinel failover-timeout ${MASTER} 5000`,
    ...(password === undefined ? [] : [`requirepass ${password}`, `sentinel sentinel-pass ${password}`]),
  ];
  return `${lines.join("\n")}\n`;
}

const behindTls = (port: number, { settings }: TlsFiles): readonly string[] => [
  ...["port 0", `tls-port ${port}`, "tls-replication yes"],
  ...settings.map((one) => one.join(" ")),
];

/** Names and values in turn. */
function flagsOf(fields: unknown): string {
  const texts = Array.isArray(fields) ? fields.map(String) : [];
  return texts[texts.indexOf("flags") + 1] ?? "";
}

async function askSentinel(
  port: number,
  { password, tls }: SentinelsOptions,
  words: readonly string[],
): Promise<unknown> {
  const connection = new Redis({
    ...{ host: "127.0.0.1", port, enableReadyCheck: false, maxRetriesPerRequest: 1 },
    ...(password !== undefined && { password }),
    ...(tls !== undefined && { tls: { ca: tls.authority.cert, ...tls.authority.issue("sentinel's test") } }),
  });
  // A refused connection also rejects the command below.
  connection.on("error", () => undefined);
  try {
    return await connection.call("SENTINEL", ...words);
  } finally {
    connection.disconnect();
  }
}
