/** Row 12: Redis has no memory left; what is new is refused, what was accepted is delivered and makes room (trap 6). */
import { until } from "../../support/until.ts";
import { mostPosts } from "../harness/ledger.ts";
import type { Reply } from "../harness/receiver.ts";
import type { Row } from "../harness/row.ts";

const ROOM_BYTES = 3_000_000;
const EVENT_BYTES = 4_000;

export const outOfMemory: Row = {
  number: 12,
  fault: "Redis out of memory (noeviction)",
  run: async (scene) => {
    const redis = await scene.open();
    const room = Promise.withResolvers<Reply>();
    const receiver = await scene.receiver("one", {
      // None has to wait for a place: that takes a job of its own, and so memory.
      maxInFlight: 1_000,
      plan: () => room.promise,
      timeoutMs: 60_000,
    });
    // Few jobs at a time: most of what is accepted has not been claimed when memory is used up.
    await scene.fleet(2, { workerConcurrency: 8 });
    const used = Number(/used_memory:(\d+)/.exec(String(await redis.ask("INFO", "memory")))?.[1]);
    await redis.ask("CONFIG", "SET", "maxmemory", used + ROOM_BYTES);
    const plan = { events: 2_000, perSecond: 500, dataBytes: EVENT_BYTES, concurrency: 200 };
    const producer = await scene.producer("big", plan);
    await until("POSTs are open", () => receiver.open() > 0);
    const isRefused = async (): Promise<boolean> => {
      const command = redis.ask("SET", "probe", "x".repeat(EVENT_BYTES));
      return await command.then(
        () => false,
        (error: Error) => error.message.startsWith("OOM"),
      );
    };
    await until("memory is used up", isRefused);
    // Delivered events make room, and refused ones take it: it is to stay used up until all has been seen.
    await redis.ask("CONFIG", "SET", "maxmemory", 1);
    const accepted = await scene.readAcknowledged();
    scene.say(`memory is used up after ${accepted.length} acknowledgements`);
    room.resolve({ status: 200, afterMs: 10 });

    const recorded = async (): Promise<number> => {
      const delivered = (await scene.attempts()).filter(({ outcome }) => outcome === "delivered");
      const ids = new Set<string>(delivered.map(({ eventId }) => eventId));
      return accepted.filter(({ id }) => ids.has(id)).length;
    };
    const areAll = async (): Promise<boolean> => (await recorded()) === accepted.length;
    const goesOn = await until("all of them are delivered", areAll, 20_000).catch(() => false);
    scene.check(
      "what was accepted is delivered, and on record, without memory",
      goesOn,
      `${await recorded()} of ${accepted.length}`,
    );
    await redis.ask("CONFIG", "SET", "maxmemory", 0);
    const { repeated } = await producer.finished;
    scene.check("publishing was refused", repeated > 0, `${repeated} refused and repeated`);
    scene.allowDuplicates(repeated);
    await scene.drained();
    const most = mostPosts(receiver.posts);
    scene.check("at most 1 duplicate each", most <= 2, `${most} POSTs`);
  },
};
