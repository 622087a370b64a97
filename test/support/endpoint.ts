/** An endpoint to start from; a test names only what it is about. */
import { asEndpointId } from "../../src/core/brand.ts";
import { type Endpoint, OPTION_DEFAULTS } from "../../src/core/endpoint.ts";

export function anEndpoint(changes: Partial<Endpoint> = {}): Endpoint {
  return {
    id: asEndpointId("ep_1"),
    url: "https://receiver.example.com/hook",
    events: ["*"],
    profile: "standard",
    furtherProfiles: [],
    profileOptions: OPTION_DEFAULTS,
    secrets: [],
    headers: {},
    signsDestinations: false,
    timeoutMs: 15_000,
    retrySchedule: [],
    maxInFlight: 10,
    growsInFlight: false,
    traceHeaders: null,
    rateLimit: null,
    description: "",
    metadata: {},
    isActive: true,
    disabledBecause: null,
    disabledAt: null,
    incarnation: null,
    createdAt: "2026-01-01T00:00:00.000Z",
    updatedAt: "2026-01-01T00:00:00.000Z",
    ...changes,
  };
}
