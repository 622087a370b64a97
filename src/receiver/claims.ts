/**
 * A request's own word for its id and type, where nobody can prove it: for a list that people look at. It believes nothing
 * and accepts nothing: `verify` does, and the names of what passed there come from there.
 */
import { bodyBytes, type RawBody } from "./bytes.ts";
import { profileNamed, type ReceivingProfileName } from "./profiles.ts";
import { type HeadersInput, readHeaders } from "./received-headers.ts";
import { isRecord, type Reading } from "./receiving-profile.ts";
import { idOf } from "./verify.ts";

export interface Claims {
  /** As in a verified event; where the request has none that can be used, one made of the body. */
  readonly id: string;
  /** Null where it does not say. */
  readonly type: string | null;
}

/** Never rejects for what a request says. */
export async function readClaims(
  rawBody: RawBody,
  headers: HeadersInput,
  profile: ReceivingProfileName,
): Promise<Claims> {
  const body = bodyBytes(rawBody);
  const received = readHeaders(headers)();
  const json = parsed(new TextDecoder().decode(body));
  const read = (): Reading =>
    profileNamed(profile).read({ json, fields: isRecord(json) ? json : {} }, received);
  const { id, type } = orNothing(read) ?? {};
  const claimed = { id, type, timestamp: undefined, data: undefined };
  return {
    id: await idOf(claimed, received, body).catch(() => idOf(claimed, readHeaders([])(), body)),
    type: typeof type === "string" && type !== "" ? type : null,
  };
}

/** A header that is missing, or came twice, is no reason to know nothing. */
function orNothing<Result>(work: () => Result): Result | null {
  try {
    return work();
  } catch {
    return null;
  }
}

const parsed = (text: string): unknown => orNothing((): unknown => JSON.parse(text));
