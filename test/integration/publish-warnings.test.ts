/** Findings about an event's data that its receivers bear: whoever publishes hears of them, and the event goes its way. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { type Api, publish, startApi } from "../support/api.ts";
import { runCommand, runForJson } from "../support/command.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave } from "../support/service.ts";

/** The example of the registry's own guide, whose address has 39 digits. */
const ADDRESS = "0x742d35Cc6634C0532925a3b844Bc454e4438f44";
const data = { model_id: "m-1", metadata: { contributor_address: ADDRESS } };
const dataText = JSON.stringify(data);
const DETAIL = `metadata.contributor_address: expected 0x and 40 hexadecimal digits, got "${ADDRESS.slice(0, 39)}…`;

const unusual = (id: string) => ({ type: "model.registered", id, data });
const usual = (id: string) => ({ type: "model.registered", id, data: { model_id: "m-2" } });

const stack = new AsyncDisposableStack();
let hookwave: TestHookwave;
let api: Api;
let receiver: Receiver;
beforeAll(async () => {
  hookwave = stack.use(await startHookwave(stack.use(await startRedis())));
  api = stack.use(await startApi(hookwave));
  receiver = stack.use(await startReceiver());
  await hookwave.endpoints.add({ url: receiver.url, profile: "hokusai", events: ["model.registered"] });
});
afterAll(() => stack.disposeAsync());

describe("data that its receivers bear", () => {
  it("is published, and comes with a warning in the receipts of the SDK", async () => {
    const { id, ...rest } = await hookwave.publish(unusual("evt_sdk"));
    expect(rest).toEqual({ warnings: [DETAIL] });
    await receiver.received(1);
    expect(String(receiver.requests[0]?.body)).toBe(dataText);
    const receipts = await hookwave.publishMany([usual("evt_s1"), unusual("evt_s2")]);
    expect(receipts).toEqual([{ id: "evt_s1" }, { id: "evt_s2", warnings: [DETAIL] }]);
    expect(id).toBe("evt_sdk");
  });

  it("comes with a warning in the API's answer, which names the event", async () => {
    expect(await publish(api, JSON.stringify(unusual("evt_a0")))).toMatchObject({
      status: 202,
      body: { id: "evt_a0", warnings: [{ id: "evt_a0", detail: DETAIL }] },
    });
    const list = await publish(api, JSON.stringify([usual("evt_a1"), unusual("evt_a2")]));
    expect(list.body).toEqual({
      ids: ["evt_a1", "evt_a2"],
      warnings: [{ id: "evt_a2", detail: DETAIL }],
    });
    expect(await publish(api, JSON.stringify(usual("evt_a3")))).toMatchObject({ body: { id: "evt_a3" } });
  });

  it("comes with a warning in the receipts of the client over HTTP", async () => {
    const client = createClient({ url: api.url });
    expect(await client.publish(unusual("evt_c0"))).toEqual({ id: "evt_c0", warnings: [DETAIL] });
    expect(await client.publishMany([usual("evt_c1"), unusual("evt_c2")])).toEqual([
      { id: "evt_c1" },
      { id: "evt_c2", warnings: [DETAIL] },
    ]);
  });

  it("comes with a warning in what the command prints", async () => {
    const asked = ["publish", "model.registered", dataText, "--api", api.url];
    const shown = await runCommand([...asked, "--id", "evt_m0"]);
    expect(shown).toMatchObject({ code: 0, stdout: `published evt_m0\nwarning: ${DETAIL}\n` });
    expect(await runForJson([...asked, "--id", "evt_m1"], {})).toEqual({
      id: "evt_m1",
      warnings: [{ id: "evt_m1", detail: DETAIL }],
    });
  });

  it("is refused where it breaks what receivers are compiled against, whatever else they bear", async () => {
    const wrong = { type: "model.registered", data: { metadata: { contributor_address: 7 } } };
    const { status, body } = await publish(api, JSON.stringify(wrong));
    expect(status).toBe(422);
    expect(Object(body).errors.map(({ detail }: { detail: string }) => detail)).toEqual([
      "model_id: expected a non-empty text, got nothing",
      "metadata.contributor_address: expected a text, got 7",
    ]);
  });
});
