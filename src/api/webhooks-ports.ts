/**
 * What the routes of webhooks need from the rest of the house. Owned here, by the consumer; the endpoint desk of the
 * app fits as it is.
 */
import type { AttemptRecord } from "../core/attempt.ts";
import type { Endpoint, ProfileName, RateLimit } from "../core/endpoint.ts";
import type { Page, PageRequest } from "../core/page.ts";

/** What may be said of a webhook; what is absent takes its default, or stays. */
export interface WebhookRequest {
  readonly url: string;
  readonly events?: readonly string[];
  readonly profile?: ProfileName;
  readonly furtherProfiles?: readonly ProfileName[];
  readonly signaturePrefix?: boolean;
  readonly replayProtection?: boolean;
  readonly signatureHeader?: string;
  readonly secrets?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly signsDestinations?: boolean;
  readonly timeoutMs?: number;
  readonly maxRetries?: number;
  readonly retrySchedule?: readonly number[] | "standard-webhooks";
  readonly maxInFlight?: number;
  readonly rateLimit?: RateLimit | null;
  readonly description?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly isActive?: boolean;
}

export interface NewWebhook extends WebhookRequest {
  readonly id?: string;
  readonly ed25519?: boolean;
}

export interface WebhookFilter {
  readonly isActive?: boolean;
  readonly eventType?: string;
  readonly text?: string;
  /** Whether the text is looked for in no more of a URL than its host. */
  readonly masksUrl?: boolean;
}

export interface LoggedAttempt {
  readonly record: AttemptRecord;
  readonly excerpt: string;
}

export interface LogFilter {
  readonly verdict?: AttemptRecord["verdict"];
  readonly eventType?: string;
  /** Epoch ms. */
  readonly since?: number;
  readonly until?: number;
}

export interface Hour {
  readonly startsAt: string;
  readonly attempts: number;
  readonly delivered: number;
  readonly buried: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface WebhookStatistics {
  readonly delivered: number;
  readonly buried: number;
  readonly waiting: number;
  readonly lastDay: Pick<Hour, "p50Ms" | "p99Ms">;
  readonly hours: readonly Hour[];
}

/** Each rejects with ENDPOINT_UNKNOWN where there is none of that id, with ENDPOINT_INVALID where it cannot be so. */
export interface WebhookDesk {
  readonly create: (request: NewWebhook) => Promise<Endpoint>;
  readonly get: (id: string) => Promise<Endpoint>;
  readonly page: (filter: WebhookFilter, page: PageRequest) => Promise<Page<Endpoint>>;
  readonly replace: (id: string, request: WebhookRequest) => Promise<Endpoint>;
  readonly amend: (id: string, changes: Partial<WebhookRequest>) => Promise<Endpoint>;
  readonly enable: (id: string) => Promise<Endpoint>;
  readonly disable: (id: string, because?: string) => Promise<Endpoint>;
  readonly rotateSecret: (
    id: string,
    rotation: { readonly graceMs?: number; readonly secret?: string },
  ) => Promise<Endpoint>;
  readonly remove: (id: string) => Promise<void>;
  readonly attempts: (id: string, filter: LogFilter, page: PageRequest) => Promise<Page<LoggedAttempt>>;
  readonly statistics: (id: string) => Promise<WebhookStatistics>;
}
