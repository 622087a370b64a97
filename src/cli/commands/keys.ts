/** `hookwave keys …`: makes, lists and revokes API keys. A token is shown once, by the command that made it. */
import { isRole, ROLES, type Role } from "../../core/access.ts";
import { type Invocation, usage } from "../command-line.ts";
import { type Report, report } from "../report.ts";
import { alignRows } from "../rows.ts";
import { withHookwave } from "../service-access.ts";

export async function createKey(asked: Invocation): Promise<Report> {
  const [name = ""] = asked.operands;
  const roles = rolesOf(asked);
  const made = await withHookwave(asked, (hookwave) => hookwave.keys.create({ name, roles }));
  const rows = [
    ["id", made.id],
    ["name", made.name],
    ["roles", made.roles.join(", ")],
    ["token", made.token],
  ];
  return report(`made\n${alignRows(rows)}\nThe token is not shown again: keep it now.`, made);
}

export async function listKeys(asked: Invocation): Promise<Report> {
  const keys = await withHookwave(asked, (hookwave) => hookwave.keys.list());
  if (keys.length === 0) return report("no API keys: the API serves this machine only", { keys });
  const rows = keys.map(({ id, name, roles, createdAt }) => [id, name, roles.join(", "), createdAt]);
  return report(alignRows([["id", "name", "roles", "made"], ...rows]), { keys });
}

export async function revokeKey(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  await withHookwave(asked, (hookwave) => hookwave.keys.revoke(id));
  return report(`revoked ${id}`, { revoked: id });
}

function rolesOf(asked: Invocation): readonly Role[] {
  const names = asked.all("role");
  const strange = names.find((name) => !isRole(name));
  if (names.length === 0 || strange !== undefined)
    throw usage(`--role with one of ${ROLES.join(", ")}`, strange ?? "none");
  return [...new Set(names.filter(isRole))];
}
