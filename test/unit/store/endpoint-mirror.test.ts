import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { asEndpointId } from "../../../src/core/brand.ts";
import { createMirror } from "../../../src/store/endpoint-mirror.ts";
import { writeRecord } from "../../../src/store/endpoint-record.ts";
import { createSealer } from "../../../src/store/sealing.ts";
import { anEndpoint } from "../../support/endpoint.ts";

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
  const recordOf = (id: string, minute: number) => {
    const createdAt = new Date(minute * 60_000).toISOString();
    return writeRecord(anEndpoint({ id: asEndpointId(id), createdAt, events: [`${id}.*`] }), sealer);
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
    expect(mirror.subscribedTo("two.done")).toEqual([]);
    expect(mirror.subscribedTo("three.done")).toHaveLength(1);
  });
});
