/**
 * The audit log: who changed something of an installation, when, and from what to what. Of secrets it says that they were
 * changed, and nothing else.
 */
export const AUDIT_ACTIONS = [
  "endpoint.created",
  "endpoint.changed",
  "endpoint.enabled",
  "endpoint.disabled",
  "endpoint.secret_rotated",
  "endpoint.removed",
  "source.created",
  "source.changed",
  "source.removed",
  "callback.forwarded",
  "key.created",
  "key.revoked",
  "migration.set",
  "event.replayed",
  "delivery.retried",
  "delivery.cancelled",
  "dead_letter.replayed",
  "dead_letter.removed",
  "dead_letters.purged",
  "replay.begun",
  "replay.paused",
  "replay.resumed",
  "replay.cancelled",
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Somebody who changes something: by the id and the name of a key, or of what does it without one. */
export interface Actor {
  readonly id: string;
  readonly name: string;
}

/** Members by their names; none is a secret. */
export type AuditFields = Readonly<Record<string, unknown>>;

export interface AuditEntry {
  /** Its place in the order of all of them. */
  readonly id: string;
  /** ISO 8601, by Redis' clock. */
  readonly at: string;
  readonly action: AuditAction;
  /** The id of what was changed; null where it is none that has one, or many. */
  readonly target: string | null;
  readonly by: Actor;
  readonly requestId: string | null;
  /** Members that were changed, as they were; null where there was nothing before. */
  readonly before: AuditFields | null;
  /** The same as they are since; null for what is gone. */
  readonly after: AuditFields | null;
}

export type NewAuditEntry = Omit<AuditEntry, "id" | "at">;

/** A member that is absent does not narrow. */
export interface AuditFilter {
  readonly action?: AuditAction | undefined;
  readonly target?: string | undefined;
  /** The id of an actor. */
  readonly by?: string | undefined;
}
