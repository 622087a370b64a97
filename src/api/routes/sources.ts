/** Sources over HTTP: make, list, look at, change, remove. A secret is only ever taken in. */
import { z } from "zod";
import { PROFILE_NAMES, SIGNED_CONTENTS } from "../../core/endpoint.ts";
import { isUnsigned, ON_INVALID, receivingPath, SOURCE_ID_PATTERN, type Source } from "../../core/source.ts";
import type { SourceManagement } from "../../manage/sources.ts";
import { locationOf } from "../mount-place.ts";
import { type Api, addRemoval, answersForId, operation, pageOf, withExample } from "../routing.ts";

const TAG = "Inbox";
const PATH = "/api/v1/sources";

const shownSource = z.object({
  id: z.string(),
  profile: z.enum(PROFILE_NAMES).describe("The family of its requests: docs/profiles.md."),
  on_invalid: z.enum(ON_INVALID).describe("`reject` answers 401; `flag` takes it and marks it."),
  description: z.string(),
  signature_header: z.string().nullable().describe("stripe, hmac: the header of the signature."),
  signed_content: z.enum(SIGNED_CONTENTS).describe("hmac: what the signature covers."),
  secret_count: z.int(),
  unsigned: z
    .boolean()
    .describe("It has no secret: anybody may send in its name, and everything is flagged."),
  path: z.string().describe("POST goes there; no key is asked for."),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});
export type ShownSource = z.output<typeof shownSource>;
export const sourceSchema = shownSource;
export const sourcePage = pageOf(shownSource);

const secret = z
  .union([z.string(), z.array(z.string())])
  .nullable()
  .describe("One, or several while they are being rotated, newest first; null for none.");
const changeable = {
  profile: z.enum(PROFILE_NAMES),
  secret,
  on_invalid: z.enum(ON_INVALID),
  description: z.string(),
  signature_header: z.string().nullable(),
  signed_content: z.enum(SIGNED_CONTENTS),
};
const id = z.string().meta({ pattern: SOURCE_ID_PATTERN.source });
const someOfSource = withExample(z.strictObject(changeable).partial(), {
  description: "what the LLM service sends back",
  on_invalid: "flag",
});
const newSource = withExample(
  z
    .strictObject({ ...changeable, id: id.describe("A part of its path: 1–40 of a–z 0–9 -.") })
    .partial()
    .required({ id: true, profile: true }),
  { id: "llm-site", profile: "llm-service", secret: "as-its-sender-has-it" },
);

export const showSource = (source: Source): ShownSource => ({
  id: source.id,
  profile: source.profile,
  on_invalid: source.onInvalid,
  description: source.description,
  signature_header: source.signatureHeader,
  signed_content: source.signedContent,
  secret_count: source.secrets.length,
  unsigned: isUnsigned(source),
  path: receivingPath(source.id),
  created_at: source.createdAt,
  updated_at: source.updatedAt,
});

function readChanges(asked: z.output<typeof someOfSource>) {
  const { profile, description, secret: secrets } = asked;
  return {
    profile,
    description,
    secrets: secrets === undefined ? undefined : [secrets ?? []].flat(),
    onInvalid: asked.on_invalid,
    signatureHeader: asked.signature_header,
    signedContent: asked.signed_content,
  };
}

export function addSourceRoutes(app: Api, sources: SourceManagement): void {
  const shown = answersForId(shownSource);
  app.post(
    PATH,
    operation("admin", TAG, "createSource", "Make a source, whose callbacks come in at its path", {
      body: newSource,
      response: { 201: shownSource },
    }),
    async ({ raw, body: { id, profile, ...asked } }, reply) => {
      const made = await sources.create({ ...readChanges(asked), id, profile });
      return reply
        .code(201)
        .header("location", locationOf(raw, PATH, made.id))
        .send(showSource(made));
    },
  );
  app.get(
    PATH,
    operation("read", TAG, "listSources", "List the sources, by id", { response: { 200: sourcePage } }),
    async () => ({ data: (await sources.list()).map(showSource), next: null }),
  );
  app.get(`${PATH}/:id`, operation("read", TAG, "getSource", "Show one source", shown), async ({ params }) =>
    showSource(await sources.get(params.id)),
  );
  app.patch(
    `${PATH}/:id`,
    operation("admin", TAG, "updateSource", "Change what is given, and nothing else", {
      ...shown,
      body: someOfSource,
    }),
    async ({ params, body }) => showSource(await sources.change(params.id, readChanges(body))),
  );
  const summary = "Remove a source; what it has sent stays until its time is over";
  addRemoval(app, `${PATH}/:id`, [TAG, "deleteSource", summary], sources.remove);
}
