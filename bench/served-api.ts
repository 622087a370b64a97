/** `hookwave start` as a process of its own, for benchmarks that ask its API. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface ServedApi {
  readonly url: string;
  /** CPU of its whole process so far, as its own metrics say; needs HOOKWAVE_API_KEY among its variables. */
  readonly cpuUs: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

/** With these variables and no others, on a free port; resolves once it is connected. */
export async function startServer(variables: Readonly<Record<string, string>>): Promise<ServedApi> {
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
  const service = spawn(process.execPath, [main, "start"], {
    env: { PATH: process.env["PATH"] ?? "", HOOKWAVE_PORT: "0", ...variables },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let url = "";
  // The log's lines say where it listens and when it delivers.
  for await (const text of createInterface(service.stdout)) {
    const line: { readonly msg?: string; readonly url?: string } = JSON.parse(text);
    if (line.msg === "service.started") url = line.url ?? "";
    if (line.msg === "service.connected") break;
  }
  service.stdout.resume();
  const stop = async (): Promise<void> => {
    service.kill("SIGTERM");
    await once(service, "exit");
  };
  const cpuUs = async (): Promise<number> => {
    const headers = { authorization: `Bearer ${variables["HOOKWAVE_API_KEY"]}` };
    const text = await (await fetch(`${url}/metrics`, { headers })).text();
    return 1_000_000 * Number(/^process_cpu_seconds_total ([\d.e+-]+)/m.exec(text)?.[1]);
  };
  return { url, cpuUs, stop };
}
