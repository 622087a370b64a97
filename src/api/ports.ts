/**
 * What the HTTP API needs from the rest of the house. Owned here, by the consumer; the Hookwave of app.ts and a
 * pino logger fit as they are.
 */
import type { Caller, Role } from "../core/access.ts";
import type { BreakerState } from "../core/happening.ts";
import type { Page, PageRequest } from "../core/page.ts";
import type { DeliveryDesk, EventDesk } from "./event-ports.ts";
import type { Examination } from "./examination-ports.ts";
import type { LetterDesk, ReplayDesk } from "./letter-ports.ts";
import type { WebhookDesk } from "./webhooks-ports.ts";

export interface EndpointStatus {
  readonly id: string;
  readonly url: string;
  readonly isActive: boolean;
  readonly breaker: BreakerState;
  readonly lastSuccessAt: string | null;
  readonly failingSince: string | null;
  readonly waiting: number;
  readonly oldestAgeMs: number;
}

export interface QueueReading {
  readonly depth: number;
  readonly oldestAgeMs: number;
}

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly createdAt: string;
}

export interface KeyDesk {
  readonly create: (asked: {
    readonly name: string;
    readonly roles: readonly Role[];
  }) => Promise<ApiKey & { readonly token: string }>;
  readonly list: () => Promise<readonly ApiKey[]>;
  readonly revoke: (id: string) => Promise<void>;
  readonly check: (token: string) => Caller | null;
  /** Whether any key exists; null while nobody can know. */
  readonly exist: () => boolean | null;
  /** False until Redis has said which keys there are. */
  readonly areKnown: () => boolean;
}

/** Counts a request of `who` in a window of the whole fleet; `ttl` is what is left of the window, in ms. */
export type CountRequest = (
  who: string,
  windowMs: number,
) => Promise<{ readonly current: number; readonly ttl: number }>;

export interface ApiHookwave {
  readonly events: EventDesk;
  readonly deliveries: DeliveryDesk;
  /** Settles within a second, also when Redis does not answer. */
  readonly isRedisReachable: () => Promise<boolean>;
  /** Whether Redis is why this was thrown: it answered and refused, or did not answer. */
  readonly redisTrouble: (error: unknown) => Promise<"refused" | "unanswered" | null>;
  readonly isConsuming: () => boolean;
  readonly health: (page: PageRequest) => Promise<Page<EndpointStatus>>;
  readonly census: () => Promise<{ readonly [State in "new" | "retrying" | "dead"]: QueueReading }>;
  readonly metrics: { readonly expose: () => Promise<string>; readonly contentType: string };
  readonly keys: KeyDesk;
  readonly deadLetters: LetterDesk;
  readonly replays: ReplayDesk;
  readonly endpoints: WebhookDesk;
  readonly countRequest: CountRequest;
  readonly examination: Examination;
}

export interface AccessControl {
  readonly keys: Pick<KeyDesk, "check" | "exist" | "areKnown">;
  /** Whether others than this machine can reach the API; a key is then always asked for. */
  readonly isOpenToOthers: boolean;
}

type Log = (fields: object, message: string) => void;

export interface ApiLogger {
  readonly info: Log;
  readonly warn: Log;
  readonly error: Log;
}

export interface ApiSettings {
  /** Requests a minute, for each key. */
  readonly apiRateLimit: number;
  /** Requests a minute, for each address without a valid key. */
  readonly apiRateLimitUnknown: number;
  readonly apiDocs: boolean;
  readonly metrics: boolean;
  /** Where metrics are served instead of on the API's own port; null for there. */
  readonly metricsPort: number | null;
}

export interface ApiDeps {
  readonly hookwave: ApiHookwave;
  readonly logger: ApiLogger;
  /** Whether this process is meant to deliver; false in the role `api`. */
  readonly delivers: boolean;
  readonly isOpenToOthers: boolean;
  readonly settings: ApiSettings;
}
