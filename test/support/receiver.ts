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

export const startReceiver = startFakeReceiver;
