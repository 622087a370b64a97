/**
 * A consumer of the bus as services have them today: it pops the list, keeping each entry on a processing list until it
 * is done with it, and listens to the channel. It knows nothing of webhooks, and no phase asks it to change.
 */
import { openRedisLine, type Reply } from "./redis-words.ts";

const LIST = "hokusai:model_ready_queue";
const PROCESSING = `${LIST}:processing`;
const CHANNEL = `${LIST}:pubsub`;
const POP_SECONDS = "1";

export interface Popped {
  readonly modelId: string;
  /** The same each time an event comes again, so that a consumer can tell. */
  readonly messageId: string;
}

export interface BusConsumer {
  readonly list: string;
  readonly popped: readonly Popped[];
  /** Model ids that the channel has said. */
  readonly heard: readonly string[];
  readonly close: () => Promise<void>;
}

export async function openBusConsumer(redisUrl: string): Promise<BusConsumer> {
  const [popped, heard]: [Popped[], string[]] = [[], []];
  const popper = await openRedisLine(redisUrl, () => undefined);
  const listener = await openRedisLine(redisUrl, (message) => heard.push(modelIdIn(textIn(message))));
  await listener.ask("SUBSCRIBE", CHANNEL);
  let isClosed = false;
  const pop = async (): Promise<void> => {
    while (!isClosed) {
      const entry = await popper.ask("BRPOPLPUSH", LIST, PROCESSING, POP_SECONDS);
      if (typeof entry !== "string") continue;
      popped.push(readEntry(entry));
      void popper.ask("LREM", PROCESSING, "1", entry);
    }
  };
  const popping = pop();
  return {
    list: LIST,
    popped,
    heard,
    close: async () => {
      isClosed = true;
      await popping;
      popper.close();
      listener.close();
    },
  };
}

/** Of a message: `["message", channel, text]`. */
const textIn = (message: Reply): string => (Array.isArray(message) ? String(message[2]) : "{}");

const modelIdIn = (payload: string): string => String(JSON.parse(payload).model_id);

function readEntry(entry: string): Popped {
  const { message_id, payload } = JSON.parse(entry);
  return { modelId: String(payload.model_id), messageId: String(message_id) };
}
