/** `hookwave sources …`: who may send callbacks here. A secret is given, and never shown. */
import { type ShownSource, sourcePage, sourceSchema } from "../../api/routes/sources.ts";
import { PROFILE_NAMES, SIGNED_CONTENTS } from "../../core/endpoint.ts";
import { ON_INVALID } from "../../core/source.ts";
import { type Invocation, usage } from "../command-line.ts";
import { printable } from "../printable.ts";
import { type Report, report } from "../report.ts";
import { askApi, withApi } from "../service-access.ts";
import type { Shown } from "../table.ts";
import { choice } from "../values.ts";

const PATH = "sources";
const DESCRIPTION_MAX = 60;
const UNSIGNED =
  "It has no secret: nothing is verified, anybody may send in its name, and a warning says so hourly.";

export async function addSource(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  if (!asked.has("profile")) throw usage(`--profile with one of ${PROFILE_NAMES.join(", ")}`, "none");
  const body = JSON.stringify({ id, ...membersAsked(asked) });
  const made = await askApi(asked, { method: "POST", path: [PATH], body }, sourceSchema, true);
  return report(["added", { rows: rowsOf(made) }, ...warningOf(made)], made);
}

/** Only what is given changes. */
export async function setSource(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const members = Object.entries(membersAsked(asked)).filter(([, value]) => value !== undefined);
  if (members.length === 0) throw usage("an option that says what to change", "none");
  const body = JSON.stringify(Object.fromEntries(members));
  const changed = await askApi(asked, { method: "PATCH", path: [PATH, id], body }, sourceSchema, true);
  return report(`changed ${members.map(([name]) => name).join(", ")} of ${id}`, changed);
}

export async function listSources(asked: Invocation): Promise<Report> {
  const page = await askApi(asked, { path: [PATH] }, sourcePage, true);
  if (page.data.length === 0)
    return report("no sources; add one with `hookwave sources add <id> --profile <name>`", page);
  const rows = page.data.map((one) => [
    one.id,
    one.profile,
    secretsInWords(one),
    one.on_invalid,
    one.path,
    printable(one.description, DESCRIPTION_MAX),
  ]);
  return report([{ head: ["ID", "PROFILE", "SECRETS", "INVALID", "PATH", "DESCRIPTION"], rows }], page);
}

export async function showSource(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const source = await askApi(asked, { path: [PATH, id] }, sourceSchema, true);
  return report([{ rows: rowsOf(source) }, ...warningOf(source)], source);
}

export async function removeSource(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  await withApi(asked, (api) => api.askText({ method: "DELETE", path: [PATH, id] }), true);
  return report(`removed ${id}`, { removed: id });
}

const membersAsked = (asked: Invocation) => ({
  profile: choice(asked, "profile", PROFILE_NAMES),
  secret: asked.has("secret") ? asked.all("secret") : undefined,
  on_invalid: choice(asked, "on-invalid", ON_INVALID),
  description: asked.one("description"),
  signature_header: asked.one("signature-header"),
  signed_content: choice(asked, "signed-content", SIGNED_CONTENTS),
});

const secretsInWords = ({ unsigned, secret_count: count }: ShownSource): string =>
  unsigned ? "none" : String(count);

function rowsOf(source: ShownSource): readonly (readonly string[])[] {
  return [
    ["id", source.id],
    ["profile", source.profile],
    ["secrets", secretsInWords(source)],
    ["invalid", source.on_invalid],
    ["path", source.path],
    ...(source.signature_header === null ? [] : [["header", source.signature_header]]),
    ...(source.profile === "hmac" ? [["signed", source.signed_content]] : []),
    ["description", printable(source.description, DESCRIPTION_MAX) || "–"],
  ];
}

const warningOf = ({ unsigned }: ShownSource): Extract<Shown, readonly unknown[]> =>
  unsigned ? [{ text: UNSIGNED, hue: "yellow" }] : [];
