/**
 * Management of endpoints: people and the environment add, look at, change and remove them. What is asked for is
 * checked, then stored, and every process of the fleet hears of it.
 */
import { isDeepStrictEqual } from "node:util";
import type { Config } from "../config/environment.ts";
import type { AttemptFilter, LoggedAttempt } from "../core/attempt.ts";
import type { AuditAction } from "../core/audit.ts";
import { exponentialSchedule } from "../core/backoff.ts";
import { asEndpointId } from "../core/brand.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { Tell } from "../core/happening.ts";
import type { Page, PageRequest } from "../core/page.ts";
import type { EndpointStatistics } from "../core/statistics.ts";
import type { System } from "../core/system.ts";
import type { AddressPolicy } from "../deliver/address-guard.ts";
import { checkHeaders } from "../deliver/header-policy.ts";
import { checkUrl } from "../deliver/url-policy.ts";
import type { Asked } from "../endpoints/asked.ts";
import { type EndpointFilter, endpointPage } from "../endpoints/pages.ts";
import type { RegistrationRules } from "../endpoints/problems.ts";
import { DISABLED_BY_HAND, type EndpointAsked, newEndpoint } from "../endpoints/registration.ts";
import { amended, replaced, rotated, switched } from "../endpoints/revision.ts";
import type { Rotation } from "../endpoints/rotation.ts";
import type { EndpointChanges, EndpointRequest } from "../endpoints/settings.ts";
import { onErrand } from "../observe/errand.ts";
import type { ReadAttempts } from "../store/attempt-history.ts";
import { type Endpoints, endpointUnknown } from "../store/endpoints.ts";
import type { Statistics } from "../store/statistics.ts";
import { secretProblem } from "../wire/standard-webhooks.ts";
import { ENVIRONMENT, endpointNote } from "./audit.ts";

/**
 * An id that names no endpoint throws ENDPOINT_UNKNOWN; a request for what cannot be, ENDPOINT_INVALID with every
 * problem.
 */
export interface EndpointManagement {
  /** Stores a new endpoint, or replaces the one of the same id. */
  readonly add: (request: EndpointRequest) => Promise<Endpoint>;
  /** Stores a new endpoint; throws ENDPOINT_CONFLICT where there is one of the same id. */
  readonly create: (request: EndpointAsked) => Promise<Endpoint>;
  /**
   * Stores it unless it is there as asked, so that it can be called at every start. Where the URL stays the same,
   * an endpoint that was disabled stays disabled.
   */
  readonly ensure: (request: EndpointRequest & { readonly id: string }) => Promise<Endpoint>;
  readonly get: (id: string) => Promise<Endpoint>;
  readonly list: () => Promise<readonly Endpoint[]>;
  /** Oldest first. Throws CURSOR_INVALID. */
  readonly page: (filter: EndpointFilter, page: PageRequest) => Promise<Page<Endpoint>>;
  /** All of it anew, but its id, its age and, where they are not given, its secrets and whether it is active. */
  readonly replace: (
    id: string,
    request: EndpointAsked<Omit<EndpointRequest, "id" | "ed25519">>,
  ) => Promise<Endpoint>;
  /** Only what is given. */
  readonly amend: (id: string, changes: EndpointAsked<EndpointChanges>) => Promise<Endpoint>;
  readonly enable: (id: string) => Promise<Endpoint>;
  /** Deliveries that wait for it become dead letters when their time comes. */
  readonly disable: (id: string, because?: string) => Promise<Endpoint>;
  /** A new secret first; those before it sign on for the grace (a day unless said otherwise). */
  readonly rotateSecret: (id: string, rotation?: Rotation | Asked<Rotation>) => Promise<Endpoint>;
  /** With all that is known of it. Deliveries still owed to it become dead letters. */
  readonly remove: (id: string) => Promise<void>;
  /** Newest first. Throws CURSOR_INVALID. */
  readonly attempts: (id: string, filter: AttemptFilter, page: PageRequest) => Promise<Page<LoggedAttempt>>;
  readonly statistics: (id: string) => Promise<EndpointStatistics>;
}

interface EndpointManagementDeps {
  readonly config: Config;
  readonly policy: AddressPolicy;
  readonly endpoints: Endpoints;
  readonly readAttempts: ReadAttempts;
  readonly readStatistics: Statistics["read"];
  readonly system: System;
  readonly tell: Tell;
}

/** The id of the endpoint that WEBHOOK_URL describes. */
const ENVIRONMENT_ENDPOINT = "default";

export function createEndpointManagement(deps: EndpointManagementDeps): EndpointManagement {
  const { endpoints, readAttempts, readStatistics } = deps;
  const { now } = deps.system;
  const rules = registrationRules(deps.config, deps.policy);

  /** As Redis has it: another process may have changed it a moment ago. */
  const get = async (text: string): Promise<Endpoint> => {
    const id = asEndpointId(text);
    await endpoints.reload(id);
    const found = endpoints.get(id);
    if (found === undefined) throw endpointUnknown(id);
    return found;
  };
  const change = prepareChange(deps);

  return {
    get,
    add: async (request) => {
      return await endpoints.put(newEndpoint(request, rules, now()), endpointNote("endpoint.changed"));
    },
    create: async (request) => {
      const endpoint = newEndpoint(request, rules, now());
      await endpoints.create(endpoint, endpointNote("endpoint.created"));
      return endpoint;
    },
    ensure: (request) => ensure(request, rules, deps),
    list: async () => {
      await endpoints.reloadAll();
      return endpoints.all();
    },
    page: async (filter, page) => {
      await endpoints.catchUp();
      // A page without those that cannot be read would look like one where they are gone.
      endpoints.insistReadable();
      return endpointPage(endpoints.all(), filter, page);
    },
    replace: (id, request) =>
      change("endpoint.changed", id, (found) => replaced(found, request, rules, now())),
    amend: (id, changes) => change("endpoint.changed", id, (found) => amended(found, changes, rules, now())),
    enable: (id) => change("endpoint.enabled", id, (found) => switched(found, null, now())),
    disable: (id, because = DISABLED_BY_HAND) =>
      change("endpoint.disabled", id, (found) => switched(found, because, now())),
    rotateSecret: (id, rotation = {}) =>
      change("endpoint.secret_rotated", id, (found) => rotated(found, rotation, rules, now())),
    remove: async (text) => {
      const id = asEndpointId(text);
      const note = endpointNote("endpoint.removed");
      if (!(await endpoints.remove(id, now(), note))) throw endpointUnknown(id);
    },
    attempts: async (id, filter, page) => await readAttempts((await get(id)).id, filter, page),
    statistics: async (id) => await readStatistics((await get(id)).id),
  };
}

/** Of one that is switched off is told, whichever change did it. */
function prepareChange({ endpoints, tell }: EndpointManagementDeps) {
  return async (
    action: AuditAction,
    id: string,
    how: (endpoint: Endpoint) => Endpoint,
  ): Promise<Endpoint> => {
    let wasActive = false;
    const noting = (found: Endpoint): Endpoint => {
      wasActive = found.isActive;
      return how(found);
    };
    const endpoint = await endpoints.change(asEndpointId(id), noting, endpointNote(action));
    const { isActive, disabledBecause } = endpoint;
    if (wasActive && !isActive)
      tell({ kind: "endpoint.disabled", endpointId: endpoint.id, because: disabledBecause ?? "" });
    return endpoint;
  };
}

async function ensure(
  request: EndpointRequest & { readonly id: string },
  rules: RegistrationRules,
  { endpoints, system }: EndpointManagementDeps,
): Promise<Endpoint> {
  const asked = newEndpoint(request, rules, system.now());
  await endpoints.reload(asked.id);
  const found = endpoints.get(asked.id);
  if (found === undefined) {
    return await endpoints.put(asked, endpointNote("endpoint.changed"));
  }
  if (isAsAsked(found, asked)) return found;
  return await endpoints.change(asked.id, (one) => revise(one, asked), endpointNote("endpoint.changed"));
}

/** The endpoint asked for, with the life it has had so far if it is the same receiver still. */
function revise(found: Endpoint, asked: Endpoint): Endpoint {
  const { incarnation, isActive, disabledBecause, disabledAt, createdAt } = found;
  if (found.url !== asked.url) return { ...asked, incarnation };
  return { ...asked, incarnation, isActive, disabledBecause, disabledAt, createdAt };
}

const isAsAsked = (found: Endpoint, asked: Endpoint): boolean =>
  isDeepStrictEqual({ ...revise(found, asked), updatedAt: found.updatedAt }, found);

/** Newest first; both sign. */
export const environmentSecrets = ({
  webhookSecret,
  webhookSecretPrevious,
}: Pick<Config, "webhookSecret" | "webhookSecretPrevious">): readonly string[] =>
  [webhookSecret, webhookSecretPrevious].filter((secret) => secret !== null);

/** The service being replaced is configured by environment alone: WEBHOOK_URL makes an endpoint of its own. */
export async function addEnvironmentEndpoint(config: Config, management: EndpointManagement): Promise<void> {
  if (config.webhookUrl === null) return;
  const asked = {
    id: ENVIRONMENT_ENDPOINT,
    url: config.webhookUrl,
    secrets: environmentSecrets(config),
    profile: config.webhookProfile,
    events: config.webhookEvents,
    description: "from WEBHOOK_URL",
  };
  await onErrand({ by: ENVIRONMENT, requestId: null }, () => management.ensure(asked));
}

/** This installation's rules for what it accepts as an endpoint. */
export function registrationRules(config: Config, policy: AddressPolicy): RegistrationRules {
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
