/** The fake receiver that `hookwave/testing` publishes, under the names our own tests know it by. */
import {
  type FakeReceiver,
  type Reply,
  type Received as Request,
  startFakeReceiver,
} from "../../src/testing/fake-receiver.ts";

export type Answer = Reply;
export type Received = Request;
export type Receiver = FakeReceiver;

/** Promises nothing: a machine that runs many tests at once is late with all of them. */
const PATIENCE_MS = 60_000;

export async function startReceiver(...replies: readonly Answer[]): Promise<Receiver> {
  const receiver = await startFakeReceiver(...replies);
  return {
    ...receiver,
    received: (count, withinMs = PATIENCE_MS) => receiver.received(count, withinMs),
  };
}
