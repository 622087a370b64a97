/**
 * Roles: who may do what over HTTP. Three, because three kinds of people hold keys: services that publish, people and
 * receivers that look, operators that change. An admin may do everything.
 */
export const ROLES = ["publish", "read", "admin"] as const;
export type Role = (typeof ROLES)[number];

export const isRole = (text: string): text is Role => ROLES.some((role) => role === text);

/** Somebody whose key has been checked. */
export interface Caller {
  /** The key's id, never its secret. */
  readonly keyId: string;
  /** The name that people gave the key. */
  readonly name: string;
  readonly roles: readonly Role[];
}

/** A caller as the history of what was changed names it. */
export const callerInWords = ({ keyId, name }: Caller): string =>
  name === keyId ? keyId : `${name} (${keyId})`;

/** Something that somebody asked for, as all that is done for it knows it. */
export interface Errand {
  /** Null for somebody without a key, where none was asked for. */
  readonly by: Pick<Caller, "keyId" | "name"> | null;
  /** Leads from the asker's log to ours; null where there was no request. */
  readonly requestId: string | null;
}

/** Does `work` on an errand: its lines in the log, and its entries in the audit log, name it. */
export type OnErrand = <Result>(errand: Errand, work: () => Promise<Result>) => Promise<Result>;

export function isAllowed({ roles }: Caller, role: Role): boolean {
  return roles.includes(role) || roles.includes("admin");
}

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  /** ISO 8601. */
  readonly createdAt: string;
}

export type NewApiKey = Pick<ApiKey, "name" | "roles">;

/** An HTTP request that was answered. */
export interface AnsweredRequest {
  readonly method: string;
  /** Null for a path that is no route. */
  readonly route: string | null;
  readonly status: number;
  readonly durationMs: number;
}

interface RequestCount {
  /** In this window, this one included. */
  readonly current: number;
  /** Until the window ends, in ms. */
  readonly ttl: number;
}

/** Counts a request of somebody in a window that the whole fleet shares. */
export type CountRequest = (who: string, windowMs: number) => Promise<RequestCount>;
