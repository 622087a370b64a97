/** Mode `raw`: signed POSTs in a loop, no queue. What the network stack and one core can do at all. */
import { createStopwatch, type Measured } from "../stopwatch.ts";
import { BODY, inFlight, type Setup } from "../workload.ts";
import { createPlainPost } from "./plain-post.ts";

export async function raw(setup: Setup): Promise<Measured> {
  const stopwatch = createStopwatch(setup);
  const post = createPlainPost(setup.receiverUrl);
  await inFlight(setup.skip + setup.count, async (index) => {
    await post.send(`msg_${index}`, BODY);
    stopwatch.tick();
  });
  await post.close();
  return await stopwatch.measured;
}
