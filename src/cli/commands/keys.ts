/** `hookwave keys …`: makes, lists and revokes API keys. A token is shown once, by the command that made it. */
import { keyPage, madeKey } from "../../api/routes/keys.ts";
import { isRole, ROLES, type Role } from "../../core/access.ts";
import { type Invocation, usage } from "../command-line.ts";
import { type Report, report } from "../report.ts";
import { askApi, withApi } from "../service-access.ts";

export async function createKey(asked: Invocation): Promise<Report> {
  const [name = ""] = asked.operands;
  const body = JSON.stringify({ name, roles: rolesOf(asked) });
  const made = await askApi(asked, { method: "POST", path: ["keys"], body }, madeKey);
  const rows = [
    ["id", made.id],
    ["name", made.name],
    ["roles", made.roles.join(", ")],
    ["token", made.token],
  ];
  return report(["made", { rows }, "The token is not shown again: keep it now."], made);
}

export async function listKeys(asked: Invocation): Promise<Report> {
  const page = await askApi(asked, { path: ["keys"] }, keyPage);
  if (page.data.length === 0) return report("no API keys: the API serves this machine only", page);
  const rows = page.data.map((key) => [key.id, key.name, key.roles.join(", "), key.created_at]);
  return report([{ head: ["ID", "NAME", "ROLES", "MADE"], rows }], page);
}

export async function revokeKey(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  await withApi(asked, (api) => api.askText({ method: "DELETE", path: ["keys", id] }));
  return report(`revoked ${id}`, { revoked: id });
}

function rolesOf(asked: Invocation): readonly Role[] {
  const names = asked.all("role");
  const strange = names.find((name) => !isRole(name));
  if (names.length === 0 || strange !== undefined)
    throw usage(`--role with one of ${ROLES.join(", ")}`, strange ?? "none");
  return [...new Set(names.filter(isRole))];
}
