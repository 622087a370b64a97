/**
 * The ground a demo stands on: a fresh directory of its own, and what is opened there, closed in the reverse order.
 * It reads no setting but the data directory, and nothing of it is left when it is closed.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Config, readEnvironment } from "../../config/environment.ts";

export interface Ground {
  readonly dataDir: string;
  readonly close: () => Promise<void>;
}

type Close = () => Promise<void>;

/** `later` takes what is to be closed. Where opening fails nothing is left open. */
export async function onFreshGround<Opened>(
  open: (dataDir: string, later: (close: Close) => void) => Promise<Opened>,
): Promise<Opened & Ground> {
  const { dataDir: parent } = readEnvironment();
  await mkdir(parent, { recursive: true });
  const dataDir = await mkdtemp(join(parent, "demo-"));
  const closers: Close[] = [() => rm(dataDir, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const closeOne of closers.splice(0).reverse()) await closeOne();
  };
  try {
    const opened = await open(dataDir, (closeOne) => closers.push(closeOne));
    return { ...opened, dataDir, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The defaults, whatever the environment says, with receivers on loopback. */
export function configOn(dataDir: string): Config {
  return {
    ...readEnvironment({}),
    port: 0,
    dataDir,
    allowHttp: true,
    allowPrivateNetworks: ["127.0.0.0/8"],
  };
}
