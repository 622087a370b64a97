/** The identity of a Redis server, as it tells it itself: two addresses of one server have the same one. */
import type { ServerIdentity } from "../bus/bridge-ports.ts";
import { HookwaveError } from "../core/errors.ts";
import type { Redis } from "./redis.ts";

/** Throws CONFIG_INVALID where the server does not tell. */
export async function identityOf(redis: Redis): Promise<ServerIdentity> {
  const info = await redis.info().catch((cause: unknown) => {
    throw untold(String(cause).slice(0, 200), cause);
  });
  const value = (field: string): string => new RegExp(`^${field}:(\\S+)`, "m").exec(info)?.[1] ?? "";
  const [runId, replicationId] = [value("run_id"), value("master_replid")];
  if (runId === "" || replicationId === "") throw untold("an answer without run_id and master_replid");
  return { runId, replicationId, db: redis.options.db ?? 0 };
}

function untold(got: string, cause?: unknown): HookwaveError {
  const complaint = {
    expected: "a Redis that says by INFO which server it is",
    got,
    remedy: "allow the user INFO: a bridge must know that it does not read what Hookwave writes",
  };
  return new HookwaveError("CONFIG_INVALID", complaint, { cause });
}
