/**
 * A port for a server that goes away and comes back, or never comes. The system hands those from 32,768 on (its
 * `ip_local_port_range`) to whoever connects, so that a connection of any other test may be at one of them meanwhile.
 */
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

const FIRST = 12_000;
const END = 32_000;

/** One at which nobody listens. */
export async function keptPort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, END);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
