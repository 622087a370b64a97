/** Callbacks that are kept: found again, counted, seen, forwarded, and gone when their time or the room is over. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ask, send } from "../support/api.ts";
import {
  CALLBACKS,
  callback,
  deliver,
  type Inbox,
  idOf,
  OTHER_SECRET,
  type Row,
  SOURCES,
  startInbox,
} from "../support/inbox.ts";
import { startReceiver } from "../support/receiver.ts";
import { until } from "../support/until.ts";
import { fieldOf } from "../support/webhooks.ts";

let inbox: Inbox;
beforeEach(async () => {
  inbox = await startInbox();
});
afterEach(async () => {
  await inbox[Symbol.asyncDispose]();
});

const names = (rows: readonly Row[]): readonly unknown[] => rows.map((row) => row["callback_id"]);
const page = async (query: string) => Object((await ask(`${inbox.api.url}${CALLBACKS}${query}`)).body);

describe("the list of callbacks", () => {
  it("is read page by page, newest first, whatever comes meanwhile", async () => {
    const { api, source } = inbox;
    await source();
    for (const n of [1, 2, 3, 4, 5]) await callback(api, `cb-${n}`);

    const first = await page("?limit=2");
    await callback(api, "cb-6");
    await callback(api, "cb-2", { again: true });
    const second = await page(`?limit=2&after=${first.next}`);
    expect([names(first.data), names(second.data)]).toEqual([
      ["cb-5", "cb-4"],
      ["cb-3", "cb-1"],
    ]);
    expect(second.next).toBeNull();
  });

  it("tells who follows it what came since, oldest first, and what came again in other bytes", async () => {
    const { api, source } = inbox;
    await source();
    const empty = await page("?limit=1");
    expect(empty).toMatchObject({ data: [], next: null, latest: "0" });
    await callback(api, "cb-1");
    await callback(api, "cb-2");
    const some = await page(`?order=oldest&after=${empty.latest}&limit=1`);
    expect(names(some.data)).toEqual(["cb-1"]);
    const rest = await page(`?order=oldest&after=${some.next}&limit=1`);
    expect([names(rest.data), rest.next]).toEqual([["cb-2"], null]);

    await callback(api, "cb-2");
    expect(await page(`?order=oldest&after=${rest.latest}`)).toMatchObject({ data: [], next: null });
    await callback(api, "cb-1", { other: true });
    const news = await page(`?order=oldest&after=${rest.latest}`);
    expect(names(news.data)).toEqual(["cb-1"]);
    expect(await page(`?order=oldest&after=${news.latest}`)).toMatchObject({ data: [] });
    expect(news.latest).toBe((await page("")).latest);
  });

  it("is narrowed by source, type, signature, time, and by what has been seen", async () => {
    const { api, source, list } = inbox;
    await source();
    await source({ id: "open", secret: null });
    const one = await callback(api, "cb-1");
    await callback(api, "cb-2", { event: "step.failed" });
    await callback(api, "cb-3", {}, OTHER_SECRET);
    await deliver(api, { headers: {}, body: '{"callback_id":"cb-4"}' }, "/in/open");
    await send(api, "POST", `${CALLBACKS}/${idOf(one)}/seen`);

    expect(names(await list("?source=open"))).toEqual(["cb-4"]);
    expect(names(await list("?type=step.failed"))).toEqual(["cb-2"]);
    expect(names(await list("?type=workflow.*"))).toEqual(["cb-3", "cb-1"]);
    expect(names(await list("?signature=valid"))).toEqual(["cb-2", "cb-1"]);
    expect(names(await list("?signature=invalid"))).toEqual(["cb-3"]);
    expect(names(await list("?signature=unsigned"))).toEqual(["cb-4"]);
    expect(names(await list("?seen=true"))).toEqual(["cb-1"]);
    expect(names(await list("?seen=false&signature=valid"))).toEqual(["cb-2"]);
    const [, third] = (await list()).map((row) => String(row["received_at"]));
    expect(names(await list(`?since=${third}`))).toContain("cb-3");
    expect(names(await list(`?until=${third}`))).not.toContain("cb-3");
    expect(names(await list("?until=2001-01-01T00:00:00Z"))).toEqual([]);
  });

  it.each(["x", "-1", "1e3", "99999999999999999"])("refuses %s as a cursor", async (after) => {
    expect(await ask(`${inbox.api.url}${CALLBACKS}?after=${after}`)).toMatchObject({
      status: 400,
      body: { code: "CURSOR_INVALID" },
    });
  });

  it("knows no callback that is not there", async () => {
    for (const [method, path] of [
      ["GET", ""],
      ["POST", "/seen"],
      ["POST", "/forward"],
    ] as const)
      expect(await send(inbox.api, method, `${CALLBACKS}/cb_none${path}`)).toMatchObject({
        status: 404,
        body: { code: "CALLBACK_UNKNOWN" },
      });
  });
});

describe("the counts", () => {
  it("are of all and of each source, and follow what is seen", async () => {
    const { api, source, counts } = inbox;
    await source();
    await source({ id: "open", secret: null });
    const one = await callback(api, "cb-1");
    await callback(api, "cb-2", {}, OTHER_SECRET);
    await deliver(api, { headers: {}, body: "x" }, "/in/open");

    expect(await counts()).toMatchObject({
      ...{ total: 3, unseen: 3, invalid: 1, unsigned: 1 },
      sources: [
        { source: "llm", total: 2, unseen: 2, invalid: 1, unsigned: 0 },
        { source: "open", total: 1, unseen: 1, invalid: 0, unsigned: 1 },
      ],
    });
    const seen = await send(api, "POST", `${CALLBACKS}/${idOf(one)}/seen`);
    expect(seen).toMatchObject({ status: 200, body: { seen_at: expect.any(String) } });
    expect(await counts()).toMatchObject({ unseen: 2, sources: [{ unseen: 1 }, { unseen: 1 }] });
    const back = await send(api, "POST", `${CALLBACKS}/${idOf(one)}/seen`, { seen: false });
    expect(back).toMatchObject({ body: { seen_at: null } });
    expect(await counts()).toMatchObject({ total: 3, unseen: 3 });
  });

  it("of what nobody has seen fall to those that came after somebody looked", async () => {
    const { api, source, counts, list } = inbox;
    await source();
    for (const n of [1, 2, 3]) await callback(api, `cb-${n}`);
    const { latest } = await page("");
    await callback(api, "cb-4");
    await callback(api, "cb-1", { again: true });

    const answer = await send(api, "POST", `${CALLBACKS}/seen`, { up_to: latest });
    expect(answer).toMatchObject({ status: 200, body: { marked: 2 } });
    expect(await counts()).toMatchObject({ unseen: 2 });
    expect(names(await list("?seen=false"))).toEqual(["cb-1", "cb-4"]);
    expect(await send(api, "POST", `${CALLBACKS}/seen`, { type: "no.such" })).toMatchObject({
      body: { marked: 0 },
    });
    expect(await send(api, "POST", `${CALLBACKS}/seen`)).toMatchObject({ body: { marked: 2 } });
    expect(await counts()).toMatchObject({ unseen: 0, total: 4 });
  });
});

describe("a callback that is forwarded", () => {
  const BIG = '{"callback_id":"cb-1","n":12345678901234567890,"n":1.0}';

  it("is published byte for byte, with a type and an id that say so", async () => {
    await using service = await startInbox({ role: "all" });
    const { api, source, whole } = service;
    await using receiver = await startReceiver();
    await service.make({ id: "shop", url: receiver.url, events: ["callback.*"], profile: "standard" });
    await source({ secret: null });
    const id = idOf(await deliver(api, { headers: {}, body: BIG }));

    const forwarded = await send(api, "POST", `${CALLBACKS}/${id}/forward`);
    expect(forwarded).toMatchObject({ status: 202, body: { event_id: `${id}_1`, type: "callback.llm" } });
    await until("it is delivered", () => receiver.requests.length === 1);
    const [request] = receiver.requests;
    expect(request?.headers["webhook-id"]).toBe(`${id}_1`);
    expect(String(request?.body)).toContain(`"data":${BIG}`);
    expect(await send(api, "POST", `${CALLBACKS}/${id}/forward`)).toMatchObject({
      body: { event_id: `${id}_2` },
    });
    expect(await whole(id)).toMatchObject({ body: { forwards: 2 } });
  });

  it("to one endpoint goes there alone, whatever it has subscribed to, and is on record", async () => {
    await using service = await startInbox({ role: "all" });
    const { api, source } = service;
    await using receiver = await startReceiver();
    await using other = await startReceiver();
    await service.make({ id: "shop", url: receiver.url, events: ["no.such"] });
    await service.make({ id: "all", url: other.url, events: ["*"] });
    await source({ secret: null });
    const id = idOf(await deliver(api, { headers: {}, body: BIG }));

    const forwarded = await send(api, "POST", `${CALLBACKS}/${id}/forward`, { endpoint: "shop" });
    expect(forwarded).toMatchObject({ status: 202, body: { event_id: `${id}_1` } });
    await until("it is delivered", async () => {
      const shown = await ask(`${api.url}/api/v1/events/${id}_1`);
      return Object(fieldOf(shown, "deliveries")).data?.[0]?.status === "delivered";
    });
    expect([receiver.requests.length, other.requests.length]).toEqual([1, 0]);
    expect(String(receiver.requests[0]?.body)).toContain(BIG);
  });

  it("has to be JSON of which all is kept, and an endpoint has to be there", async () => {
    const { api, source, list, hookwave } = inbox;
    await source();
    await source({ id: "open", profile: "hmac", secret: null });
    for (const body of [
      "no JSON",
      Uint8Array.of(0xff),
      `"${"x".repeat(300_000)}"`,
      `${"[".repeat(64)}${"]".repeat(64)}`,
    ])
      await deliver(api, { headers: {}, body }, "/in/open");
    await deliver(api, { headers: {}, body: `{"x":"${"x".repeat(20_000)}"}` });
    for (const row of await list()) {
      const refused = await send(api, "POST", `${CALLBACKS}/${row["id"]}/forward`);
      expect([refused.status, fieldOf(refused, "code")]).toEqual(
        row["body_bytes"] === 300_002 ? [413, "EVENT_TOO_LARGE"] : [422, "EVENT_INVALID"],
      );
    }
    const good = idOf(await callback(api, "cb-1"));
    expect(await send(api, "POST", `${CALLBACKS}/${good}/forward`, { endpoint: "nobody" })).toMatchObject({
      status: 404,
      body: { code: "ENDPOINT_UNKNOWN" },
    });
    expect(await list("?source=open")).toMatchObject([{ forwards: 0 }, {}, {}, {}]);

    await send(api, "POST", `${CALLBACKS}/${good}/forward`);
    const { data } = await hookwave.audit.list({ action: "callback.forwarded" }, { after: null, limit: 10 });
    expect(data).toMatchObject([{ target: good, after: { endpointId: null } }]);
  });
});

it("an inbox goes on where its source is removed and made again", async () => {
  const { api, source, list } = inbox;
  await source();
  await callback(api, "cb-1");
  expect(await send(api, "DELETE", `${SOURCES}/llm`)).toMatchObject({ status: 204 });
  expect(await callback(api, "cb-2")).toMatchObject({ status: 404 });
  expect(names(await list("?source=llm"))).toEqual(["cb-1"]);
  await source();
  await callback(api, "cb-2");
  expect(names(await list("?source=llm"))).toEqual(["cb-2", "cb-1"]);
});
