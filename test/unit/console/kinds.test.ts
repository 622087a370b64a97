import { describe, expect, it } from "vitest";
import { kindsFor } from "../../../src/console/kinds.ts";

describe("the kinds that an id is looked for among", () => {
  it.each([
    ["evt_1", "events"],
    ["ep_1", "webhooks"],
    ["dl_1", "dead-letters"],
    ["rpl_1", "replays"],
    ["cb_1", "callbacks"],
    ["default", "events"],
    ["order-4711", "events"],
  ])("begin, for %s, with %s, and are all", (id, first) => {
    const kinds = kindsFor(id, () => true);
    expect(kinds[0]).toBe(first);
    expect(kinds.toSorted()).toEqual(["callbacks", "dead-letters", "events", "replays", "webhooks"]);
  });

  it("are none but those that have a page", () => {
    expect(kindsFor("dl_1", (kind) => kind === "events")).toEqual(["events"]);
  });
});
