/** Watches attempts over HTTP, as a browser's EventSource does. */
import { until } from "./until.ts";

export interface LiveEvent {
  readonly event: string;
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Watching extends AsyncDisposable {
  readonly status: number;
  readonly headers: Headers;
  readonly events: readonly LiveEvent[];
  /** The id of the last block that had one, with data or without. */
  readonly lastId: () => string;
  /** All that came, as text. */
  readonly text: () => string;
  readonly hasEnded: () => boolean;
  /** Resolves with the attempts once there are so many. */
  readonly attempts: (count: number) => Promise<readonly LiveEvent[]>;
  readonly close: () => Promise<void>;
}

/** Resolves once the answer has begun and has said so. */
export async function watch(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Watching> {
  const leaving = new AbortController();
  const response = await fetch(url, { headers, signal: leaving.signal });
  const events: LiveEvent[] = [];
  let [text, rest, lastId] = ["", "", ""];
  let hasEnded = false;
  const take = (block: string): void => {
    const fields = new Map(
      block.split("\n").map((line): [string, string] => {
        const at = line.indexOf(": ");
        return [line.slice(0, at), line.slice(at + 2)];
      }),
    );
    lastId = fields.get("id") ?? lastId;
    const data = fields.get("data");
    if (data !== undefined)
      events.push({
        event: fields.get("event") ?? "message",
        id: fields.get("id") ?? "",
        data: JSON.parse(data),
      });
  };
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      const piece = decoder.decode(chunk, { stream: true });
      text += piece;
      const blocks = `${rest}${piece}`.split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) take(block);
    }
  })()
    .catch(() => undefined)
    .finally(() => {
      hasEnded = true;
    });
  const attemptsNow = (): readonly LiveEvent[] => events.filter(({ event }) => event === "attempt");
  const close = async (): Promise<void> => {
    leaving.abort();
    await reading;
  };
  if (response.ok) await until("the answer has begun", () => text.includes("\n\n") || hasEnded);
  return {
    status: response.status,
    headers: response.headers,
    events,
    lastId: () => lastId,
    text: () => text,
    hasEnded: () => hasEnded,
    attempts: async (count) => {
      await until(`there are ${count} attempts`, () => attemptsNow().length >= count);
      return attemptsNow();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
