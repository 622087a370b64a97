/**
 * The ports of the HTTP API. Owned here, by the consumer: what people may do is declared in manage, and the Hookwave of
 * app.ts and a pino logger fit as they are.
 */
import type { FastifyRequest } from "fastify";
import type { AnsweredRequest, CountRequest, OnErrand } from "../core/access.ts";
import type { ProfileName } from "../core/endpoint.ts";
import type { Logger } from "../core/logger.ts";
import type { RedisState } from "../core/redis-replies.ts";
import type { KeyManagement } from "../manage/keys.ts";
import type { Management } from "../manage/management.ts";
import type { SessionManagement } from "../manage/sessions.ts";

export interface ApiHookwave extends Management {
  /** Settles within a second, also when Redis does not answer. */
  readonly isRedisReachable: () => Promise<boolean>;
  /** The same; it asks by a small write. */
  readonly redisState: () => Promise<RedisState>;
  /** Redis' part in what was thrown: it answered and refused, or did not answer; null when it has none. */
  readonly redisTrouble: (error: unknown) => Promise<"refused" | "unanswered" | null>;
  readonly isConsuming: () => boolean;
  readonly metrics: {
    readonly expose: () => Promise<string>;
    readonly contentType: string;
    readonly observeRequest: (request: AnsweredRequest) => void;
  };
  readonly countRequest: CountRequest;
  readonly onErrand: OnErrand;
}

/** An embedded service, with what its API is served with inside another program's server. */
export interface MountableHookwave extends ApiHookwave {
  readonly mounting: Pick<ApiDeps, "logger" | "delivers" | "settings">;
}

export interface AccessControl {
  readonly keys: Pick<KeyManagement, "check" | "checkAnew" | "exist" | "areKnown">;
  /** Null where there is no page to sign in at: cookies then mean nothing. */
  readonly sessions: Pick<SessionManagement, "use"> | null;
  /** True where it may come from another machine than this; a key is then always asked for. */
  readonly mayBeFromElsewhere: (request: FastifyRequest) => boolean;
  /** Keep payloads from whoever is no admin. */
  readonly consoleHidePayloads: boolean;
  /** The URL under which people know the API, where that is not the one it is asked for at. */
  readonly publicUrl: string | null;
}

export interface ApiSettings {
  /** The URL at which commands find the API, and people its pages; null for the one it listens at. */
  readonly apiUrl: string | null;
  /** Requests a minute, for each key. */
  readonly apiRateLimit: number;
  /** Requests a minute, for each address without a valid key. */
  readonly apiRateLimitUnknown: number;
  /** Connections from one address that have shown no valid key. */
  readonly apiConnectionsUnknown: number;
  /** Networks of proxies, which pass on the requests of others and say for whom. */
  readonly apiTrustedProxies: readonly string[];
  /** Of webhooks that name none. */
  readonly apiDefaultProfile: ProfileName;
  /** True when /api/v1/webhooks answers clients of the KlipStream API in their own way. */
  readonly klipstreamCompat: boolean;
  readonly apiDocs: boolean;
  /** Serve the page for operators. */
  readonly console: boolean;
  /** Keep payloads from whoever is no admin. */
  readonly consoleHidePayloads: boolean;
  readonly metrics: boolean;
  /** The port of metrics, where it is not the API's own; null for that one. */
  readonly metricsPort: number | null;
}

export interface ApiDeps {
  readonly hookwave: ApiHookwave;
  readonly logger: Logger;
  /** True when this process is meant to deliver; false in the role `api`. */
  readonly delivers: boolean;
  /**
   * True when others than this machine can reach the API, false when they cannot but through a proxy on it; `by request`
   * where another program's server takes connections.
   */
  readonly isOpenToOthers: boolean | "by request";
  readonly settings: ApiSettings;
  /** The folder of the page that was built; the package's own when absent. */
  readonly consoleFolder?: URL;
}
