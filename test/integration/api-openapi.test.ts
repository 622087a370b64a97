/** The API's description of itself: it is valid, whole and true; every operation in it is called here. */
import { readFile } from "node:fs/promises";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderApiTable } from "../../scripts/api-table.ts";
import { ROLES, type Role } from "../../src/core/access.ts";
import { type Api, ask, startApi } from "../support/api.ts";
import { type Operation, operationsOf } from "../support/openapi.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";

let redis: TestRedis;
let hookwave: TestHookwave;
let api: Api;
beforeAll(async () => {
  redis = await startRedis();
  hookwave = await startHookwave(redis, { role: "api" });
  api = await startApi(hookwave);
});
afterAll(async () => {
  await api.close();
  await hookwave.close();
  await redis[Symbol.asyncDispose]();
});

const readDoc = (name: string): Promise<string> =>
  readFile(new URL(`../../docs/${name}`, import.meta.url), "utf8");

const describedAt = async (): Promise<object> => {
  const { body } = await ask(`${api.url}/openapi.json`);
  return Object(body);
};

describe("/openapi.json", () => {
  it("is valid OpenAPI 3.1", async () => {
    const { valid, errors } = await new Validator().validate({ ...(await describedAt()) });

    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  it("is what docs/openapi.json and docs/api.md hold", async () => {
    const kept: unknown = JSON.parse(await readDoc("openapi.json"));
    const page = await readDoc("api.md");

    const described = await describedAt();
    expect(described, "run node scripts/render-docs.ts").toEqual(kept);
    expect(page, "run node scripts/render-docs.ts").toBe(renderApiTable(page, described));
  });

  it("says of every answer that it has the request's id", async () => {
    const answers = operationsOf(await describedAt()).flatMap(({ responses }) => Object.values(responses));
    expect(answers.length).toBeGreaterThan(50);
    const withId = expect.objectContaining({ headers: { "X-Request-ID": expect.anything() } });
    expect(answers).toEqual(answers.map(() => withId));
  });

  it("is readable at /docs, which loads nothing from elsewhere", async () => {
    const page = await ask(`${api.url}/docs/`);

    expect(page).toMatchObject({ status: 200, body: expect.stringContaining("swagger-ui") });
    expect(page.body).toContain("<title>Hookwave: the HTTP API</title>");
    expect((await ask(`${api.url}/docs/static/swagger-initializer.js`)).body).toContain('"filter":true');
    expect(String(page.body)).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    expect(page.headers.get("content-security-policy")).toMatch(/default-src 'self'/);
  });

  it("and /docs can be switched off", async () => {
    await using without = await startApi(hookwave, { settings: { apiDocs: false } });

    expect(await ask(`${without.url}/openapi.json`)).toMatchObject({ status: 404 });
    expect(await ask(`${without.url}/docs/`)).toMatchObject({ status: 404 });
  });
});

describe("every operation", () => {
  it("is open to the roles it names and to no other", async () => {
    const operations = operationsOf(await describedAt());
    expect(operations.length).toBeGreaterThan(3);
    const wrong: string[] = [];
    for (const role of ROLES) {
      const { token } = await hookwave.keys.create({ name: role, roles: [role] });
      for (const operation of operations) {
        const status = await call(operation, { authorization: `Bearer ${token}` });
        if (isMeantFor(operation, role) === (status === 403))
          wrong.push(`${operation.id} as ${role}: ${status}`);
      }
    }

    expect(wrong).toEqual([]);
  });

  it("asks for a key, once there is one", async () => {
    await hookwave.keys.create({ name: "any", roles: ["read"] });
    const behindKeys = operationsOf(await describedAt()).filter(({ roles }) => roles.length > 0);
    for (const operation of behindKeys)
      expect([operation.id, await call(operation, {})]).toEqual([operation.id, 401]);
  });
});

/** One that asks for no key is meant for everybody. */
const isMeantFor = ({ roles }: Operation, role: Role): boolean =>
  role === "admin" || roles.length === 0 || roles.includes(role);

/** With nothing in it: what is asked for need not exist, only who may ask matters. */
async function call({ method, path }: Operation, headers: Readonly<Record<string, string>>): Promise<number> {
  const url = `${api.url}${path.replace(/\{\w+\}/g, "none")}`;
  return (await ask(url, { method, headers })).status;
}
