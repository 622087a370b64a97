/** The clients in Python and Go against a running service: each is built, publishes in spite of a 503, and reads the log. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { startApi } from "../support/api.ts";
import { isInstalled } from "../support/example-process.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { INSTALL_TOOLS, toolPath } from "../support/tools.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const KEY = "k".repeat(32);
const PATIENCE = { timeout: 180_000 } as const;

interface Service extends AsyncDisposable {
  readonly url: string;
  /** Bodies of all requests to publish, in order. */
  readonly published: readonly string[];
  readonly delivered: () => readonly string[];
}

/** The API behind something that answers the first request to publish with 503, as a service does without its Redis. */
async function startService(): Promise<Service> {
  const stack = new AsyncDisposableStack();
  const receiver = stack.use(await startReceiver());
  const hookwave = stack.use(await startHookwave(stack.use(await startRedis()), { apiKey: KEY }));
  const api = stack.use(await startApi(hookwave));
  await hookwave.endpoints.add({ id: "acme", url: receiver.url });
  const published: string[] = [];
  const before = createServer(async (request, response) => {
    const body = await text(request);
    const isPublish = request.method === "POST" && request.url?.startsWith("/api/v1/events") === true;
    if (isPublish) published.push(body);
    if (isPublish && published.length === 1) {
      response.writeHead(503, { "retry-after": "0", "content-type": "text/html" }).end("<h1>not now</h1>");
      return;
    }
    const { authorization = "", "content-type": type = "" } = request.headers;
    const answer = await fetch(`${api.url}${request.url}`, {
      method: request.method ?? "GET",
      headers: { authorization, ...(type !== "" && { "content-type": type }) },
      ...(body !== "" && { body }),
    });
    const contentType = answer.headers.get("content-type") ?? "";
    response.writeHead(answer.status, { "content-type": contentType }).end(await answer.text());
  });
  before.listen(0, "127.0.0.1");
  await once(before, "listening");
  stack.defer(async () => {
    before.closeAllConnections();
    before.close();
  });
  const { port } = Object(before.address()) satisfies Partial<AddressInfo>;
  return {
    url: `http://127.0.0.1:${port}`,
    published,
    delivered: receiver.ids,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Two tries of one event, the same in every byte, and one that was refused once. */
function expectPublishedOnce({ published, delivered }: Service): void {
  const [first = "", second, ...others] = published;
  expect(second).toBe(first);
  expect(others).toHaveLength(1);
  expect(delivered()).toEqual([JSON.parse(first).id]);
}

describe("a client that is generated from the OpenAPI document", () => {
  it("publishes and reads logs in Python", PATIENCE, async (test) => {
    const generator = toolPath("openapi-python-client");
    if (generator === null) return test.skip(`openapi-python-client is not there: ${INSTALL_TOOLS}`);
    await using service = await startService();
    const folder = await mkdtemp(join(tmpdir(), "hookwave-python-client-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const variables = {
      OPENAPI_PYTHON_CLIENT: generator,
      PATH: `${dirname(generator)}:${process.env["PATH"]}`,
    };
    await run(
      process.execPath,
      [join(ROOT, "scripts/generate-clients.ts"), "python", join(folder, "hookwave_client")],
      { env: { ...process.env, ...variables } },
    );
    await cp(join(ROOT, "clients/python/publish_and_read.py"), join(folder, "publish_and_read.py"));

    const env = { ...process.env, HOOKWAVE_URL: service.url, HOOKWAVE_API_KEY: KEY };
    const python = join(dirname(generator), "python");
    const { stdout } = await run(python, [join(folder, "publish_and_read.py")], { env });
    expectPublishedOnce(service);
    expect(service.delivered()).toEqual([stdout.trim()]);
  });

  it("publishes and reads logs in Go", PATIENCE, async (test) => {
    if (!isInstalled("go")) return test.skip("go is not there");
    const cwd = join(ROOT, "clients/go");
    const hasModules = await run("go", ["mod", "download"], { cwd }).then(
      () => true,
      () => false,
    );
    if (!hasModules) return test.skip("the modules of clients/go cannot be had");
    await using service = await startService();

    const env = { ...process.env, HOOKWAVE_URL: service.url, HOOKWAVE_API_KEY: KEY };
    const { stdout } = await run("go", ["test", "-count=1", "-v", "./..."], { cwd, env });
    expect(stdout).toMatch(/^--- PASS: TestPublishAndReadLogs/m);
    expectPublishedOnce(service);
  });
});
