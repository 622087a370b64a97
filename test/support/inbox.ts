/** A service that receives callbacks, for tests: its sources, signed requests to it, and what it has stored. */
import { expect } from "vitest";
import type { ProfileName } from "../../src/core/endpoint.ts";
import { type FixtureOptions, signedFixture } from "../../src/testing/signed-fixture.ts";
import { type Answer, type Api, ask, send } from "./api.ts";
import { fieldOf, startWebhookService, type WebhookService } from "./webhooks.ts";

export const SOURCES = "/api/v1/sources";
export const CALLBACKS = "/api/v1/callbacks";

/** Of each family one that it takes. */
export const SECRET = "whsec_Zml4dHVyZXMgYXJlIHNpZ25lZCB3aXRoIHRoaXM=";
export const OTHER_SECRET = "whsec_b3RoZXJzIGFyZSBzaWduZWQgd2l0aCB0aGlzIG9uZQ==";

export interface Inbox extends WebhookService {
  /** Makes a source that differs from `llm`, of the family llm-service with SECRET, in these members. */
  readonly source: (members?: object) => Promise<Answer>;
  readonly list: (query?: string) => Promise<readonly Row[]>;
  readonly counts: () => Promise<unknown>;
  readonly whole: (id: string) => Promise<Answer>;
}

export type Row = Readonly<Record<string, unknown>>;

export async function startInbox(options: Parameters<typeof startWebhookService>[0] = {}): Promise<Inbox> {
  const service = await startWebhookService({ role: "api", ...options });
  const { api } = service;
  return {
    ...service,
    source: async (members = {}) => {
      const made = await send(api, "POST", SOURCES, {
        id: "llm",
        profile: "llm-service",
        secret: SECRET,
        ...members,
      });
      expect(made).toMatchObject({ status: 201 });
      return made;
    },
    list: async (query = "") => rowsOf(await ask(`${api.url}${CALLBACKS}${query}`)),
    counts: async () => (await ask(`${api.url}${CALLBACKS}/counts`)).body,
    whole: (id) => ask(`${api.url}${CALLBACKS}/${id}`),
  };
}

export function rowsOf(answer: Answer): readonly Row[] {
  expect(answer).toMatchObject({ status: 200 });
  return Array.from(Object(fieldOf(answer, "data")));
}

export interface Signed {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

/** Signed as a sender of that family would, for the source `llm` unless said otherwise. */
export function signedFor(
  api: Api,
  { profile, path = "/in/llm", ...options }: FixtureOptions & { profile: ProfileName; path?: string },
): Signed {
  const { headers, body } = signedFixture({
    secrets: [SECRET],
    profile,
    url: `${api.url}${path}`,
    ...options,
  });
  return { headers, body };
}

/** POSTs bytes as they are. */
export const deliver = (api: Api, { headers, body }: Signed, path = "/in/llm"): Promise<Answer> =>
  ask(`${api.url}${path}`, { method: "POST", headers: { ...headers }, body });

/** An llm-service callback of that id, signed with SECRET or another one. */
export function callback(
  api: Api,
  callbackId: string,
  members: object = {},
  secret: string = SECRET,
): Promise<Answer> {
  const data = { callback_id: callbackId, event: "workflow.completed", ...members };
  return deliver(api, signedFor(api, { profile: "llm-service", data, secrets: [secret] }));
}

export const idOf = (answer: Answer): string => String(fieldOf(answer, "id"));
