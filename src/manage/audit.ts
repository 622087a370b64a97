/**
 * The audit of management: each change has an entry that says who made it, whichever way it was asked for. What one script
 * changes has its entry from that script. What takes several steps has it before the first, or it is not done; and loses it
 * again only where it was refused: an entry too many, after a crash, and never one too few.
 */
import type { Actor, AuditAction, AuditFields, NewAuditEntry } from "../core/audit.ts";
import { HookwaveError } from "../core/errors.ts";
import { errandNow } from "../observe/errand.ts";
import type { AuditStore } from "../store/audit.ts";
import type { EndpointNote } from "../store/endpoints.ts";
import { bounded, endpointChange } from "./audit-fields.ts";

export interface Step {
  readonly action: AuditAction;
  readonly target: string | null;
  /** Members of the wish. */
  readonly after?: AuditFields;
}

export interface Audit {
  readonly list: AuditStore["page"];
  /** Does the work under an entry; without the entry it is not done. */
  readonly around: <Result>(step: Step, work: () => Promise<Result>) => Promise<Result>;
}

/** Nobody asked by a key: the program that the service is embedded in. */
const PROGRAM: Actor = { id: "program", name: "program" };
/** A worker, because of what a receiver answered. */
export const SERVICE: Actor = { id: "service", name: "service" };
export const ENVIRONMENT = { keyId: "environment", name: "environment" } as const;

const TEXT_MAX_CHARACTERS = 200;
/** Of these nobody knows whether something was done. */
const UNDECIDED: ReadonlySet<string> = new Set(["REDIS_UNAVAILABLE", "CLOSED"]);

export function createAudit({ add, withdraw, page }: AuditStore): Audit {
  return {
    list: page,
    around: async ({ action, target, after = {} }, work) => {
      const id = await add(auditEntry(action, target, { before: null, after }));
      try {
        return await work();
      } catch (error) {
        // The refusal is what the caller is to hear.
        if (error instanceof HookwaveError && !UNDECIDED.has(error.code))
          await withdraw(id).catch(() => undefined);
        throw error;
      }
    },
  };
}

/** By whoever the running code is on an errand for. */
export function auditEntry(
  action: AuditAction,
  target: string | null,
  { before, after }: Pick<NewAuditEntry, "before" | "after">,
  by: Actor = askedBy(),
): NewAuditEntry {
  const requestId = errandNow()?.requestId ?? null;
  return {
    action,
    target: target?.slice(0, TEXT_MAX_CHARACTERS) ?? null,
    by: { id: by.id.slice(0, TEXT_MAX_CHARACTERS), name: by.name.slice(0, TEXT_MAX_CHARACTERS) },
    requestId: requestId?.slice(0, TEXT_MAX_CHARACTERS) ?? null,
    before: before && boundedFields(before),
    after: after && boundedFields(after),
  };
}

function askedBy(): Actor {
  const by = errandNow()?.by ?? null;
  return by === null ? PROGRAM : { id: by.keyId, name: by.name };
}

const boundedFields = (fields: AuditFields): AuditFields =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, bounded(value)]));

/** An endpoint's change as an entry: null where nothing was changed. Added over another it is changed. */
export const endpointNote =
  (action: AuditAction, by?: Actor): EndpointNote =>
  (id, before, after) => {
    const change = endpointChange(before, after);
    const isNew = action === "endpoint.changed" && before === null;
    return change && auditEntry(isNew ? "endpoint.created" : action, id, change, by);
  };
