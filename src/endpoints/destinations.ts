/**
 * Destinations, as the journey treats them: endpoints that exist for as long as a delivery is owed to them. The
 * endpoint named by `keyId` lends its secrets, profiles, schedule and limits; the URL came with the event. Its
 * headers stay with it, because they may hold what opens its own receiver; only the User-Agent is lent.
 */
import { hash } from "node:crypto";
import { asEndpointId, type EndpointId } from "../core/brand.ts";
import type { Delivery } from "../core/delivery.ts";
import { DESTINATION_ID_PREFIX, wants } from "../core/destination.ts";
import { ACTIVE, type Endpoint, isOwedTo, type ProfileName } from "../core/endpoint.ts";
import type { Destination, PublishedEvent } from "../core/event.ts";

const DIGEST_CHARACTERS = 32;

/** Destinations that the event itself names and that want it, each once. */
export function ownDestinations(event: PublishedEvent): ReadonlyMap<EndpointId, Destination> {
  const wanted = (event.destinations ?? []).filter((destination) => wants(destination, event.type));
  return new Map(wanted.map((destination) => [destinationId(destination), destination]));
}

/** The same for the same URL, profile and key, so that a receiver has one breaker and one concurrency limit over many events. */
export function destinationId({ url, profile, keyId }: Destination): EndpointId {
  const digest = hash("sha256", JSON.stringify([url, profile, keyId]), "hex");
  return asEndpointId(`${DESTINATION_ID_PREFIX}${digest.slice(0, DIGEST_CHARACTERS)}`);
}

export interface FindEndpoint {
  readonly get: (id: EndpointId) => Endpoint | undefined;
}

/** The receiver that a delivery is owed to; undefined where nobody is registered who would get or sign it. */
export function addresseeOf(
  delivery: Pick<Delivery, "endpointId" | "destination" | "incarnation">,
  endpoints: FindEndpoint,
): Endpoint | undefined {
  const { endpointId, destination } = delivery;
  const registered = endpoints.get(registeredId(delivery));
  const signer = registered !== undefined && isOwedTo(delivery, registered) ? registered : undefined;
  if (destination === undefined) return signer;
  const lent = signer?.signsDestinations ? lentProfiles(signer, destination) : undefined;
  if (signer === undefined || lent === undefined) return undefined;
  return {
    ...signer,
    ...lent,
    id: endpointId,
    url: destination.url,
    headers: userAgentOf(signer.headers),
    // The signer may have been disabled because its own receiver is gone; that says nothing of this one.
    ...ACTIVE,
  };
}

/** The id of the endpoint that gets a delivery, or signs it: the one whose incarnation it was owed to. */
export const registeredId = ({
  endpointId,
  destination,
}: Pick<Delivery, "endpointId" | "destination">): EndpointId =>
  destination === undefined ? endpointId : asEndpointId(destination.keyId);

/** A key signs only in the formats it was registered for: what it signs elsewhere could be taken for something else. */
function lentProfiles(
  { profile, furtherProfiles }: Endpoint,
  destination: Destination,
): Pick<Endpoint, "profile" | "furtherProfiles"> | undefined {
  if (destination.profile === null) return { profile, furtherProfiles };
  const asked: ProfileName | undefined = [profile, ...furtherProfiles].find(
    (name) => name === destination.profile,
  );
  return asked === undefined ? undefined : { profile: asked, furtherProfiles: [] };
}

function userAgentOf(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() === "user-agent"));
}
