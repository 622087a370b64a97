import { describe, expect, it } from "vitest";
import { asEndpointId } from "../../../src/core/brand.ts";
import type { Endpoint } from "../../../src/core/endpoint.ts";
import { byAge, type EndpointFilter, endpointPage } from "../../../src/endpoints/pages.ts";
import { anEndpoint } from "../../support/endpoint.ts";

const made = (id: string, minute: number, changes: Partial<Endpoint> = {}): Endpoint =>
  anEndpoint({
    id: asEndpointId(id),
    createdAt: new Date(minute * 60_000).toISOString(),
    url: `https://${id}.example.com/hook`,
    ...changes,
  });
const names = (endpoints: readonly Endpoint[]): readonly string[] => endpoints.map(({ id }) => id);

/** Every page, by the cursors alone. */
function walk(inOrder: readonly Endpoint[], filter: EndpointFilter, limit: number) {
  const pages: (readonly string[])[] = [];
  let after: string | null = null;
  do {
    const { data, next } = endpointPage(inOrder, filter, { after, limit });
    pages.push(names(data));
    after = next;
  } while (after !== null);
  return pages;
}

describe("pages of endpoints", () => {
  const five = [made("e", 1), made("a", 2), made("b", 2), made("c", 2), made("d", 3)];

  it("hold each endpoint once, oldest first, also where several were made in the same moment", () => {
    expect(names([...five].reverse().sort(byAge))).toEqual(["e", "a", "b", "c", "d"]);
    expect(walk(five, {}, 2)).toEqual([["e", "a"], ["b", "c"], ["d"]]);
    expect(walk(five, {}, 5), "no empty last page").toEqual([["e", "a", "b", "c", "d"]]);
    expect(walk([], {}, 5)).toEqual([[]]);
  });

  it("go on after an endpoint that has been removed meanwhile", () => {
    const { next } = endpointPage(five, {}, { after: null, limit: 3 });
    const fewer = five.filter(({ id }) => id !== "b");
    expect(names(endpointPage(fewer, {}, { after: next, limit: 3 }).data)).toEqual(["c", "d"]);
  });

  it.each<[string, EndpointFilter, readonly string[]]>([
    ["is active", { isActive: true }, ["jobs", "all"]],
    ["is not", { isActive: false }, ["tasks"]],
    ["gets a type", { eventType: "job.done" }, ["jobs", "all"]],
    ["has a subscription", { eventType: "job.*" }, ["jobs", "all"]],
    ["shows a text in its URL", { text: "TASKS.example" }, ["tasks"]],
    ["shows it in its description", { text: "of the Team" }, ["jobs"]],
    ["shows it in a label", { text: "search" }, ["all"]],
    ["is all of that", { isActive: true, eventType: "job.done", text: "team" }, ["jobs"]],
  ])("leave out what does not match: %s", (_what, filter, found) => {
    const three = [
      made("jobs", 1, { events: ["job.*"], description: "of the team" }),
      made("tasks", 2, { events: ["task_done"], isActive: false }),
      made("all", 3, { metadata: { owner: "Search" } }),
    ];
    expect(walk(three, filter, 1).flat()).toEqual(found);
  });

  it("look at a bounded number of endpoints each, and say that there is more", () => {
    const many = Array.from({ length: 10_001 }, (_, minute) => made(`e${minute}`, minute));
    const first = endpointPage(many, { text: "e10000." }, { after: null, limit: 1 });
    expect(first.data).toEqual([]);
    const second = endpointPage(many, { text: "e10000." }, { after: first.next, limit: 1 });
    expect(names(second.data)).toEqual(["e10000"]);
  });

  it.each([
    "",
    "x",
    Buffer.from("no id").toString("base64url"),
    Buffer.from("2026 a b").toString("base64url"),
    "MjAyNiBh=",
  ])("refuse a cursor they have not given out: %j", (after) => {
    expect(() => endpointPage(five, {}, { after, limit: 1 })).toThrow(
      expect.objectContaining({ code: "CURSOR_INVALID" }),
    );
  });
});
