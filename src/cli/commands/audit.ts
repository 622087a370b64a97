/** `hookwave audit`: who changed what, newest first. */
import { auditPage, type ShownAuditEntry } from "../../api/routes/audit.ts";
import { AUDIT_ACTIONS } from "../../core/audit.ts";
import type { Invocation } from "../command-line.ts";
import { moreWith, placeAsked, readUpTo } from "../pages.ts";
import { printable } from "../printable.ts";
import { type Report, report } from "../report.ts";
import { withApi } from "../service-access.ts";
import { choice } from "../values.ts";

const CHANGE_MAX_CHARACTERS = 100;

export async function listAudit(asked: Invocation): Promise<Report> {
  const query = {
    action: choice(asked, "action", AUDIT_ACTIONS),
    target: asked.one("target"),
    by: asked.one("by"),
  };
  const listed = await withApi(asked, (api) =>
    readUpTo(
      (place) => api.ask({ path: ["audit"], query: { ...query, ...place } }, auditPage),
      placeAsked(asked),
    ),
  );
  if (listed.data.length === 0) return report("nothing was changed, as far as is kept", listed);
  const rows = listed.data.map((one) => [
    one.at,
    printable(one.by.name, 40),
    one.action,
    printable(one.target ?? "–", 80),
    printable(changeText(one), CHANGE_MAX_CHARACTERS),
  ]);
  const head = ["AT", "BY", "ACTION", "TARGET", "CHANGE"];
  return report([{ head, rows }, ...moreWith(listed.next)], listed);
}

/** Members one by one, as `name: before → after`; what was new or is gone has one side. */
function changeText({ before, after }: ShownAuditEntry): string {
  if (before !== null && after === null) return "gone";
  const names = Object.keys({ ...before, ...after });
  return names
    .filter((name) => before === null || name in before)
    .map((name) => {
      const is = JSON.stringify(after?.[name] ?? null);
      return before === null ? `${name}: ${is}` : `${name}: ${JSON.stringify(before[name] ?? null)} → ${is}`;
    })
    .join(", ");
}
