/** The audit log over HTTP: who changed what, when, and from what to what. For those who may change things themselves. */
import { z } from "zod";
import { AUDIT_ACTIONS, type AuditEntry, type AuditFields } from "../../core/audit.ts";
import type { Management } from "../../manage/management.ts";
import { inJson } from "../json-names.ts";
import { type Api, operation, pageOf, pageQuery } from "../routing.ts";

const members = z.record(z.string(), z.unknown()).nullable();

const shownEntry = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  action: z.enum(AUDIT_ACTIONS),
  target: z
    .string()
    .nullable()
    .describe("The id of what was changed; null where it is many, or none that has one."),
  by: z
    .object({ id: z.string(), name: z.string() })
    .describe(
      "A key's id and name; `loopback` where there are no keys, `command`, `program`, `environment`, `service`.",
    ),
  request_id: z.string().nullable(),
  before: members.describe(
    "What was changed, as it was. Of secrets, headers and most of a URL it is only said that they changed.",
  ),
  after: members.describe("The same since then, or what was asked for; null for what is gone."),
});

export type ShownAuditEntry = z.output<typeof shownEntry>;
export const auditPage = pageOf(shownEntry);

const show = (entry: AuditEntry): ShownAuditEntry => ({
  ...inJson(entry),
  by: { ...entry.by },
  before: inJsonOrNull(entry.before),
  after: inJsonOrNull(entry.after),
});

const inJsonOrNull = (fields: AuditFields | null) => (fields === null ? null : { ...inJson(fields) });

export function addAuditRoute(app: Api, audit: Management["audit"]): void {
  app.get(
    "/api/v1/audit",
    operation("admin", "Audit", "listAudit", "List who changed what, newest first", {
      querystring: z.strictObject({
        ...pageQuery,
        action: z.enum(AUDIT_ACTIONS).optional(),
        target: z
          .string()
          .max(200)
          .optional()
          .describe("The id of an endpoint, a key, an event, a delivery or a replay."),
        by: z.string().max(200).optional().describe("The id of whoever changed it."),
      }),
      response: { 200: auditPage },
    }),
    async ({ query: { after = null, limit, ...filter } }) => {
      const { data, next } = await audit.list(filter, { after, limit });
      return { data: data.map(show), next };
    },
  );
}
