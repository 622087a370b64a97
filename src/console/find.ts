/** Finding by an id alone: the service is asked for one kind after the other, the likeliest first. */
import { readDeliveryId } from "../core/delivery.ts";
import { ask, Problem } from "./api.ts";
import { type Kind, kindsFor } from "./kinds.ts";
import { api, page } from "./places.ts";

/** The address of its page; null where nothing has this id. Throws a Problem. */
export async function findById(
  id: string,
  hasPage: (kind: Kind) => boolean,
  signal: AbortSignal,
): Promise<string | null> {
  // No other id has a dot.
  if (readDeliveryId(id) !== null)
    return (await isThere("deliveries", id, signal)) ? page("deliveries", id) : null;
  for (const kind of kindsFor(id, hasPage)) if (await isThere(kind, id, signal)) return page(kind, id);
  return null;
}

/** An id of a form that a kind does not have is none of its ids. */
const isNone = ({ code }: Problem): boolean => code.endsWith("_UNKNOWN") || code === "REQUEST_INVALID";

async function isThere(kind: string, id: string, signal: AbortSignal): Promise<boolean> {
  try {
    await ask(api(kind, id), { signal });
    return true;
  } catch (error) {
    if (error instanceof Problem && isNone(error)) return false;
    throw error;
  }
}
