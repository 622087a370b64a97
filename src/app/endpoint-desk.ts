/**
 * Where people and the environment add, list and remove endpoints: what was asked for is checked, then stored.
 */
import { isDeepStrictEqual } from "node:util";
import type { Config } from "../config/environment.ts";
import { exponentialSchedule } from "../core/backoff.ts";
import { asEndpointId } from "../core/brand.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { AddressPolicy } from "../deliver/address-guard.ts";
import { checkHeaders } from "../deliver/header-policy.ts";
import { checkUrl } from "../deliver/url-policy.ts";
import type { EndpointRequest, RegistrationRules } from "../store/endpoint-request.ts";
import { type Endpoints, endpointUnknown } from "../store/endpoints.ts";
import { newEndpoint } from "../store/registration.ts";
import { secretProblem } from "../wire/standard-webhooks.ts";

export interface EndpointDesk {
  /** Stores a new endpoint, or replaces the one of the same id; throws ENDPOINT_INVALID with every problem. */
  readonly add: (request: EndpointRequest) => Promise<Endpoint>;
  /**
   * Stores it unless it is there as asked, so that it can be called at every start. Where the URL stays the same,
   * an endpoint that was disabled stays disabled. Throws ENDPOINT_INVALID.
   */
  readonly ensure: (request: EndpointRequest & { readonly id: string }) => Promise<Endpoint>;
  readonly list: () => Promise<readonly Endpoint[]>;
  /** Throws ENDPOINT_UNKNOWN. Deliveries still owed to it become dead letters. */
  readonly remove: (id: string) => Promise<void>;
}

/** The id of the endpoint that WEBHOOK_URL describes. */
const ENVIRONMENT_ENDPOINT = "default";

export function createEndpointDesk(
  config: Config,
  policy: AddressPolicy,
  endpoints: Endpoints,
  now: () => number,
): EndpointDesk {
  const rules = registrationRules(config, policy);
  return {
    add: async (request) => {
      const endpoint = newEndpoint(request, rules, now());
      await endpoints.put(endpoint);
      return endpoint;
    },
    ensure: async (request) => {
      const asked = newEndpoint(request, rules, now());
      await endpoints.reload(asked.id);
      const found = endpoints.get(asked.id);
      if (found === undefined) {
        await endpoints.put(asked);
        return asked;
      }
      if (isAsAsked(found, asked)) return found;
      return await endpoints.change(asked.id, (one) => revise(one, asked));
    },
    list: async () => {
      await endpoints.reloadAll();
      return endpoints.all();
    },
    remove: async (id) => {
      if (!(await endpoints.remove(asEndpointId(id)))) throw endpointUnknown(asEndpointId(id));
    },
  };
}

/** What was asked for, with the life it has had so far if it is the same receiver still. */
function revise(found: Endpoint, asked: Endpoint): Endpoint {
  if (found.url !== asked.url) return asked;
  const { isActive, disabledBecause, createdAt } = found;
  return { ...asked, isActive, disabledBecause, createdAt };
}

const isAsAsked = (found: Endpoint, asked: Endpoint): boolean =>
  isDeepStrictEqual({ ...revise(found, asked), updatedAt: found.updatedAt }, found);

/** The service being replaced is configured by environment alone: WEBHOOK_URL makes an endpoint of its own. */
export async function addEnvironmentEndpoint(config: Config, desk: EndpointDesk): Promise<void> {
  if (config.webhookUrl === null) return;
  await desk.ensure({
    id: ENVIRONMENT_ENDPOINT,
    url: config.webhookUrl,
    secrets: config.webhookSecrets,
    profile: config.webhookProfile,
    events: config.webhookEvents,
    description: "from WEBHOOK_URL",
  });
}

function registrationRules(config: Config, policy: AddressPolicy): RegistrationRules {
  return {
    urlProblem: (url) => {
      const check = checkUrl(url, policy);
      return check.ok ? null : check.problem;
    },
    headerProblems: checkHeaders,
    secretProblem,
    defaults: {
      timeoutMs: config.webhookTimeoutMs,
      retrySchedule: exponentialSchedule(config.webhookMaxRetries, config.webhookRetryDelayMs),
      retryDelayMs: config.webhookRetryDelayMs,
      maxInFlight: config.maxInFlight,
    },
  };
}
