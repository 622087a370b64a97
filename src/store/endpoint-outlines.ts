/** Endpoints as Redis has them, read past the mirror: also those whose secrets this process cannot open. */
import { asEndpointId, type EndpointId } from "../core/brand.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { HookwaveError } from "../core/errors.ts";
import type { EndpointOutlines } from "../core/readings.ts";
import { incarnationIn, readStoredOutline } from "./endpoint-record.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";
import type { Sealer } from "./sealing.ts";

/** `sealer` is null where there is no key. */
export async function readOutlines(
  redis: Redis,
  keys: Keys,
  sealer: Sealer | null,
): Promise<EndpointOutlines> {
  const records = Object.entries(await redis.hgetall(keys.endpoints)).map(([name, text]) => ({
    id: asEndpointId(name),
    stored: readStoredOutline(text),
  }));
  const readable = records.flatMap(({ id, stored }) => (stored === null ? [] : [{ id, ...stored }]));
  const oldestFirst = readable.toSorted((one, other) => one.createdAt.localeCompare(other.createdAt));
  return {
    endpoints: oldestFirst.map(({ id, url, isActive, sealed }) => ({
      id,
      url,
      isActive,
      isOpened: sealer === null ? null : opens(sealer, sealed, id),
    })),
    unreadable: records.flatMap(({ id, stored }) => (stored === null ? [id] : [])),
  };
}

/** Undefined where there is no such endpoint. */
export async function readIncarnation(
  redis: Redis,
  keys: Keys,
  id: EndpointId,
): Promise<Pick<Endpoint, "incarnation"> | undefined> {
  const text = await redis.hget(keys.endpoints, id);
  return text === null ? undefined : { incarnation: incarnationIn(text) };
}

function opens(sealer: Sealer, sealed: string, id: EndpointId): boolean {
  try {
    sealer.open(sealed, id);
    return true;
  } catch (error) {
    if (error instanceof HookwaveError && error.code === "SECRET_UNREADABLE") return false;
    throw error;
  }
}
