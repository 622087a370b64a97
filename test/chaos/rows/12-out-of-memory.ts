/** Row 12: Redis has no memory left; what is new is refused, what was accepted is delivered and makes room (trap 6). */
import { until } from "../../support/until.ts";
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
      maxInFlight: 50,
      plan: () => room.promise,
      timeoutMs: 60_000,
    });
    await scene.fleet(2);
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
    scene.say("memory is used up");
    const atFault = receiver.posts.length;

    room.resolve({ status: 200, afterMs: 10 });

    // Not asked again whether memory is used up: what is delivered makes room, and the question would take it.
    const goneOn = (): number => receiver.posts.length - atFault;
    await until("deliveries go on without memory", () => goneOn() > 100, 30_000);
    scene.check("deliveries go on", goneOn() > 100, `${goneOn()} from when it was used up`);
    await redis.ask("CONFIG", "SET", "maxmemory", 0);
    const { repeated } = await producer.finished;
    scene.check("publishing was refused", repeated > 0, `${repeated} refused and repeated`);
    scene.allowDuplicates(repeated);
    await scene.drained();
  },
};
