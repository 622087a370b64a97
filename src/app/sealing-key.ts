/** Tells a command whether this machine holds the service's encryption key, before anything is sealed with another. */
import type { Config } from "../config/environment.ts";
import { hasKey } from "../store/key-file.ts";

/** Configured, or generated for this data directory by an earlier start. */
export async function isSealingKeyKnown(config: Config): Promise<boolean> {
  return config.encryptionKey !== null || (await hasKey(config.dataDir));
}
