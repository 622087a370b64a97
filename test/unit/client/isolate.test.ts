/** The client where there is neither Node nor a dependency: in a worker on the edge, in Bun, in Deno. */
import { describe, expect, it } from "vitest";
import { bundleEntry, runWithoutNode } from "../../support/web-bundle.ts";

const MAX_BYTES = 10_000;

describe("the entry hookwave/client", async () => {
  const { module, script, imports } = await bundleEntry("client/index.ts");

  it("imports nothing: neither Node nor a dependency", () => {
    expect(imports).toEqual([]);
    expect(module).not.toMatch(/node:|\brequire\b|\bprocess\.|\bBuffer\b/);
  });

  it(`is at most ${MAX_BYTES} bytes minified`, () => {
    expect(Buffer.byteLength(module)).toBeLessThanOrEqual(MAX_BYTES);
  });

  it("publishes where there is no Node, with the global fetch", async () => {
    const sent: RequestInit[] = [];
    const fetch = async (_url: string, init: RequestInit) => {
      sent.push(init);
      return new Response('{"id":"evt_1"}', { status: 202 });
    };
    const given = { fetch, URL, AbortSignal, setTimeout };
    const published = runWithoutNode(
      `${script}; entry.createClient({ apiKey: "k" }).publish({ type: "a.b", data: { n: 1 }, id: "evt_1" })`,
      given,
    );
    expect(await published).toEqual({ id: "evt_1" });
    expect(sent.map(({ body }) => body)).toEqual(['{"type":"a.b","id":"evt_1","data":{"n":1}}']);
  });
});
