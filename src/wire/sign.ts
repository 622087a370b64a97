/**
 * Turns an event into the request one attempt sends: the profile's body and headers, those of further profiles
 * over the same body, and the Standard Webhooks headers every delivery carries (decision 7). Pure; it
 * adds no header an endpoint's owner configured.
 */
import type { PublishedEvent } from "../core/event.ts";
import type { Signing, WireProfile } from "./profile.ts";
import { standardWebhooksHeaders } from "./standard-webhooks.ts";
import { VERSION } from "./version.ts";

export interface SignedRequest {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** `further` profiles sign the body that `profile` decides. */
export function signRequest(
  event: PublishedEvent,
  profile: WireProfile,
  signing: Signing,
  further: readonly WireProfile[] = [],
): SignedRequest {
  const body = profile.body(event);
  return {
    body,
    headers: {
      "Content-Type": "application/json",
      "User-Agent": `Hookwave/${VERSION}`,
      ...profile.headers(event, body, signing),
      ...Object.fromEntries(further.flatMap((one) => Object.entries(one.headers(event, body, signing)))),
      ...standardWebhooksHeaders(event.id, body, signing),
    },
  };
}
