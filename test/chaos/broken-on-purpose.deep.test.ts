/** A matrix that cannot fail proves nothing: here are rows whose workers have a defect, and they are reported. */
import { describe, expect, it } from "vitest";
import { until } from "../support/until.ts";
import { readOnlyReplica } from "./harness/refused-writes.ts";
import type { Row } from "./harness/row.ts";
import { runRow } from "./harness/run-row.ts";
import { tableOf } from "./harness/table.ts";

const EVENTS = 20;
const seed = 1;

/** As rows 2 and 3 do by chance: a job's worker is killed for the second time. */
const killedAgain: Row = {
  number: 1,
  fault: "kill -9 the worker of jobs that had crashed before",
  run: async (scene) => {
    const redis = await scene.open();
    const receiver = await scene.receiver("one", { plan: () => "never", maxInFlight: EVENTS });
    const doomed = await scene.worker();
    const producer = await scene.producer("again", { events: EVENTS });
    await producer.finished;
    await until("all POSTs are open", () => receiver.open() === EVENTS);
    for (let job = 1; job <= EVENTS; job += 1) await redis.ask("HSET", `{hookwave}:events:${job}`, "stc", 1);
    await scene.fault("kill -9", "worker", () => doomed.kill("SIGKILL"));
    receiver.behave(() => ({ status: 200 }));
    await scene.worker();
    await scene.drained(25_000);
  },
};

/** Row 13 in short: what was answered cannot be recorded, and its job cannot be completed, for a moment. */
const readOnlyForAMoment: Row = {
  number: 13,
  fault: "Redis read-only for 2 s",
  run: async (scene) => {
    const redis = await scene.open();
    const receiver = await scene.receiver("one", {
      maxInFlight: EVENTS,
      plan: () => ({ status: 200, afterMs: 500 }),
    });
    await scene.worker();
    const producer = await scene.producer("ro", { events: EVENTS });
    await producer.finished;
    await until("all POSTs are open", () => receiver.open() === EVENTS);
    const { begin, end } = readOnlyReplica(redis);
    await begin();
    await scene.meanwhile(2_000, 2_000);
    await end();
    await scene.drained();
  },
};

describe.concurrent("a defect planted in the workers is reported", () => {
  it("as lost events, where the second crash of a job's worker is its end", async () => {
    expect(await runRow(killedAgain, { seed })).toMatchObject({ kept: true, lost: [] });

    const report = await runRow(killedAgain, { seed, defect: "two-crashes" });
    expect(report.lost).toHaveLength(EVENTS);
    expect(report.kept).toBe(false);
    expect(tableOf([report])).toMatch(/\| NO +\|/);
  });

  it("as duplicates, where a job is settled before its attempt is recorded", async () => {
    expect(await runRow(readOnlyForAMoment, { seed })).toMatchObject({ kept: true, duplicates: 0 });

    const report = await runRow(readOnlyForAMoment, { seed, defect: "record-after-settle" });
    expect(report.duplicates).toBeGreaterThan(0);
    expect(report.kept).toBe(false);
  });

  it("as a row that does not run, when the defect's text is not in the code any more", async () => {
    const report = await runRow(readOnlyForAMoment, { seed, defect: "no-such-defect" });
    expect(report).toMatchObject({ kept: false, failure: expect.stringContaining("did not start") });
  });
});
