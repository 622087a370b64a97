import { describe, expect, it } from "vitest";
import { asEventId } from "../../../src/core/brand.ts";
import { shardNumber, shardPlaces } from "../../../src/store/shard-places.ts";

const CLUSTER = { cluster: { nodes: [{ host: "a", port: 1 }], key: "{hookwave}" } };

describe("the shard of an event", () => {
  it.each([
    ["evt_1", 3, 2],
    ["123456789", 16, 0xcbf43926 % 16],
    ["evt_1", 1, 0],
  ])("%s in %s is the one that others reckon", (id, shards, expected) => {
    expect(shardNumber(asEventId(id), shards)).toBe(expected);
  });

  it("is any of them as often as another", () => {
    const counts = [0, 0, 0];
    for (let n = 0; n < 3_000; n += 1) {
      const shard = shardNumber(asEventId(`evt_${n}`), 3);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(100);
  });
});

describe("the places of shards", () => {
  it("have each a slot of its own in a Cluster, and the prefix around it", () => {
    const places = shardPlaces(CLUSTER, "a:{hookwave}:b", 2);
    expect(places.all.map(({ prefix }) => prefix)).toEqual(["a:{hookwave:0}:b", "a:{hookwave:1}:b"]);
    expect(places.all.map(({ place }) => place.cluster?.key)).toEqual(places.all.map(({ prefix }) => prefix));
  });

  it("are home itself where there is one, and one Redis where there is no Cluster", () => {
    const alone = shardPlaces(CLUSTER, "{hookwave}", 1);
    expect(alone.all).toEqual([{ prefix: "{hookwave}", place: CLUSTER }]);
    const single = { host: "a", port: 1 };
    expect(new Set(shardPlaces(single, "{hookwave}", 3).all.map(({ place }) => place))).toEqual(
      new Set([single]),
    );
  });
});
