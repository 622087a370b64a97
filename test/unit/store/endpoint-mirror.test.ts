import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { asEndpointId } from "../../../src/core/brand.ts";
import type { Endpoint } from "../../../src/core/endpoint.ts";
import { createMirror } from "../../../src/store/endpoint-mirror.ts";
import { writeRecord } from "../../../src/store/endpoint-record.ts";
import { createSealer } from "../../../src/store/sealing.ts";
import { anEndpoint } from "../../support/endpoint.ts";

const MINUTE_MS = 60_000;

/** A mirror that counts what it opens, and a way to write records for it. */
function openMirror() {
  const sealer = createSealer(randomBytes(32));
  const opened: string[] = [];
  const counting = {
    ...sealer,
    open: (sealed: string, owner: Parameters<typeof sealer.open>[1]) => {
      opened.push(owner);
      return sealer.open(sealed, owner);
    },
  };
  const recordOf = (id: string, minute: number, changes: Partial<Endpoint> = {}) => {
    const createdAt = new Date(minute * MINUTE_MS).toISOString();
    return writeRecord(
      anEndpoint({ id: asEndpointId(id), createdAt, events: [`${id}.*`], ...changes }),
      sealer,
    );
  };
  return { mirror: createMirror(counting, () => undefined), opened, recordOf };
}

describe("the endpoints in memory", () => {
  it("are in order of age, in one array until something changes", () => {
    const { mirror, recordOf } = openMirror();
    const ids = () => mirror.all().map(({ id }) => id);
    mirror.set(asEndpointId("young"), recordOf("young", 2));
    mirror.set(asEndpointId("old"), recordOf("old", 1));
    expect(ids()).toEqual(["old", "young"]);
    expect(mirror.all()).toBe(mirror.all());
    mirror.set(asEndpointId("older"), recordOf("older", 0));
    expect(ids()).toEqual(["older", "old", "young"]);
    mirror.set(asEndpointId("old"), null);
    expect(ids()).toEqual(["older", "young"]);
  });

  it("are not opened again while their records are what they were", () => {
    const { mirror, opened, recordOf } = openMirror();
    const [one, two, three] = [recordOf("one", 1), recordOf("two", 2), recordOf("three", 3)];
    mirror.replace([
      ["one", one],
      ["two", two],
    ]);
    mirror.replace([
      ["one", one],
      ["three", three],
    ]);
    expect(opened).toEqual(["one", "two", "three"]);
    expect(mirror.all().map(({ id }) => id)).toEqual(["one", "three"]);
    expect(mirror.subscribedTo("two.done", 0)).toEqual([]);
    expect(mirror.subscribedTo("three.done", 0)).toHaveLength(1);
  });

  it("are owed what was accepted before they were disabled, and nothing since", () => {
    const { mirror, recordOf } = openMirror();
    const off = (disabledAt: string | null) => ({ events: ["*"], isActive: false, disabledAt });
    const offAt = (minute: number) => off(new Date(minute * MINUTE_MS).toISOString());
    mirror.replace([
      ["on", recordOf("on", 0, { events: ["*"] })],
      ["early", recordOf("early", 0, offAt(10))],
      ["late", recordOf("late", 0, offAt(20))],
      ["never_on", recordOf("never_on", 0, off(null))],
    ]);
    const owedAt = (ms: number) => mirror.subscribedTo("thing.made", ms).map(({ id }) => id);
    expect(owedAt(9 * MINUTE_MS)).toEqual(["on", "late", "early"]);
    expect(owedAt(11 * MINUTE_MS)).toEqual(["on", "late"]);
    expect(owedAt(21 * MINUTE_MS)).toEqual(["on"]);
  });

  it("are owed what two clocks, each 2 s off, may have put after their end", () => {
    const { mirror, recordOf } = openMirror();
    const disabledAt = new Date(MINUTE_MS).toISOString();
    mirror.replace([["off", recordOf("off", 0, { events: ["*"], isActive: false, disabledAt })]]);
    expect(mirror.subscribedTo("thing.made", MINUTE_MS + 3_999)).toHaveLength(1);
    expect(mirror.subscribedTo("thing.made", MINUTE_MS + 4_000)).toEqual([]);
  });
});
