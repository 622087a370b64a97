/** API keys over HTTP: make, list, revoke. A key's token is in one answer only, the one that made it. */
import { z } from "zod";
import { type ApiKey, ROLES } from "../../core/access.ts";
import type { KeyManagement } from "../../manage/keys.ts";
import { inJson } from "../json-names.ts";
import { type Api, addRemoval, operation, pageOf, withExample } from "../routing.ts";

const shownKey = z.object({
  id: z.string(),
  name: z.string(),
  roles: z.array(z.enum(ROLES)),
  created_at: z.iso.datetime(),
});
export type ShownKey = z.output<typeof shownKey>;
export const madeKey = shownKey.extend({
  token: z.string().describe("Shown this once: `hw_live_<id>_<secret>`."),
});
export type MadeKey = z.output<typeof madeKey>;
const askedKey = withExample(
  z.strictObject({
    name: z.string().min(1).max(100).describe("Whose it is, for people."),
    roles: z.array(z.enum(ROLES)).min(1).max(ROLES.length),
  }),
  { name: "deploy-bot", roles: ["publish", "read"] },
);

const TAG = "Keys";

export const keyPage = pageOf(shownKey);

const show = (key: ApiKey) => ({ ...inJson(key), roles: [...key.roles] });

export function addKeyRoutes(app: Api, keys: KeyManagement): void {
  app.post(
    "/api/v1/keys",
    operation("admin", TAG, "createKey", "Make an API key", { body: askedKey, response: { 201: madeKey } }),
    async ({ body }, reply) => {
      const made = await keys.create(body);
      return reply.code(201).send({ ...show(made), token: made.token });
    },
  );
  app.get(
    "/api/v1/keys",
    operation("admin", TAG, "listKeys", "List the API keys", { response: { 200: keyPage } }),
    async () => ({ data: (await keys.list()).map(show), next: null }),
  );
  addRemoval(app, "/api/v1/keys/:id", [TAG, "revokeKey", "Revoke an API key"], keys.revoke);
}
