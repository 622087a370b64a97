import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createGroupCommit, type GroupCommitOptions } from "../../../src/core/group-commit.ts";

/** A committer whose writes end when the test says so, and what has become of each item. */
function stage(options: Partial<GroupCommitOptions<number>> = {}) {
  const groups: (readonly number[])[] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  const settled: string[] = [];
  const write = (items: readonly number[]) => {
    const end = Promise.withResolvers<void>();
    groups.push(items);
    ends.push(end);
    return end.promise;
  };
  const commit = createGroupCommit<number>({ write, maxItems: 64, maxWrites: 1, ...options });
  const add = (...items: readonly number[]) => {
    for (const item of items)
      commit.add(item).then(
        () => settled.push(`${item} stored`),
        (error: unknown) => settled.push(`${item} ${String(error)}`),
      );
    return turn();
  };
  return {
    commit,
    groups,
    settled,
    add,
    succeed: (write: number) => turn(ends[write]?.resolve()),
    fail: (write: number, reason: string) => turn(ends[write]?.reject(reason)),
  };
}

describe("a group commit", () => {
  it("writes a lone item at once, without waiting for company", async () => {
    const { add, groups, settled, succeed } = stage();
    await add(1);
    expect(groups).toEqual([[1]]);
    expect(settled).toEqual([]);
    await succeed(0);
    expect(settled).toEqual(["1 stored"]);
  });

  it("puts what is added in the same breath into one group, in order", async () => {
    const { add, groups } = stage();
    await add(1, 2, 3);
    expect(groups).toEqual([[1, 2, 3]]);
  });

  it("collects what arrives while a write is under way, and writes it together afterwards", async () => {
    const { add, groups, succeed } = stage();
    await add(1);
    await add(2);
    await add(3, 4);
    expect(groups).toEqual([[1]]);
    await succeed(0);
    expect(groups).toEqual([[1], [2, 3, 4]]);
  });

  it("settles each caller with its own group", async () => {
    const { add, settled, succeed } = stage();
    await add(1);
    await add(2);
    await succeed(0);
    expect(settled).toEqual(["1 stored"]);
    await succeed(1);
    expect(settled).toEqual(["1 stored", "2 stored"]);
  });

  it("rejects the callers of a failed write and nobody else, and goes on", async () => {
    const { add, settled, succeed, fail } = stage();
    await add(1, 2);
    await add(3);
    await fail(0, "refused");
    expect(settled).toEqual(["1 refused", "2 refused"]);
    await succeed(1);
    expect(settled).toEqual(["1 refused", "2 refused", "3 stored"]);
  });

  it("keeps as many writes under way as it may, no more", async () => {
    const { add, groups, settled, succeed } = stage({ maxWrites: 2 });
    await add(1);
    await add(2);
    await add(3);
    expect(groups).toEqual([[1], [2]]);
    await succeed(1);
    expect(settled).toEqual(["2 stored"]);
    expect(groups).toEqual([[1], [2], [3]]);
  });

  it("closes a group at its number of items", async () => {
    const { add, groups, succeed } = stage({ maxItems: 2 });
    await add(1, 2, 3);
    expect(groups).toEqual([[1, 2]]);
    await succeed(0);
    expect(groups).toEqual([[1, 2], [3]]);
  });

  it("closes a group before the item that would pass its size", async () => {
    const { add, groups, succeed } = stage({ maxSize: 10, sizeOf: (item) => item });
    await add(4, 6, 1, 9, 1);
    await succeed(0);
    await succeed(1);
    expect(groups).toEqual([[4, 6], [1, 9], [1]]);
  });

  it("writes an item that is larger than a group may be on its own", async () => {
    const { add, groups, succeed } = stage({ maxSize: 10, sizeOf: (item) => item });
    await add(99, 1, 50);
    await succeed(0);
    await succeed(1);
    expect(groups).toEqual([[99], [1], [50]]);
  });

  it("forgets what is withdrawn before its write began, and rejects it; what is being written goes on", async () => {
    const { add, commit, groups, settled, succeed } = stage();
    await add(1);
    await add(2, 3, 4);
    commit.withdraw(new Set([1, 2, 4]), "too late");
    await succeed(0);
    await succeed(1);
    expect(groups).toEqual([[1], [3]]);
    expect(settled).toEqual(["2 too late", "4 too late", "1 stored", "3 stored"]);
  });

  it("takes a write that throws for one that failed", async () => {
    const { add, settled } = stage({
      write: () => {
        throw "closed";
      },
    });
    await add(1, 2);
    expect(settled).toEqual(["1 closed", "2 closed"]);
  });
});

describe("an idle group commit", () => {
  it("is idle at once when there is nothing to do", async () => {
    await expect(stage().commit.idle()).resolves.toBeUndefined();
  });

  it("becomes idle when nothing waits and nothing is being written, failed or not", async () => {
    const { add, commit, settled, succeed, fail } = stage({ maxItems: 1 });
    await add(1, 2);
    void commit.idle().then(() => settled.push("idle"));
    await succeed(0);
    expect(settled).toEqual(["1 stored"]);
    await fail(1, "refused");
    expect(settled).toEqual(["1 stored", "2 refused", "idle"]);
  });

  it("becomes idle when all that waited is withdrawn", async () => {
    const { add, commit, settled, succeed } = stage({ maxItems: 1 });
    await add(1, 2);
    void commit.idle().then(() => settled.push("idle"));
    commit.withdraw(new Set([2]), "too late");
    await succeed(0);
    expect(settled).toEqual(["2 too late", "1 stored", "idle"]);
  });

  it("is not idle while what was just added has yet to be written", async () => {
    const { add, commit, settled, succeed } = stage();
    const added = add(1);
    void commit.idle().then(() => settled.push("idle"));
    await added;
    expect(settled).toEqual([]);
    await succeed(0);
    expect(settled).toEqual(["1 stored", "idle"]);
  });
});
