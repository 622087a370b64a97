/**
 * A live view as a stream that an answer is made of: it takes from the view only what its reader has room for, says at
 * times that it is there, and ends when its reader may watch no more.
 */
import { Readable } from "node:stream";
import type { LiveListener, LiveNews, LiveView } from "../manage/live-view.ts";
import { framesOf, keepAliveFrame, openingFrame } from "./live-frames.ts";

export interface LiveStream {
  readonly stream: Readable;
  /** In good order where its reader keeps up, else at once. */
  readonly end: () => void;
}

const TAKEN_TOGETHER = 100;
const KEEP_ALIVE_MS = 15_000;
const CHECK_MS = 5_000;
const BUFFER_BYTES = 64 * 1_024;

/** `mayGoOn`: has its key not been revoked, and is anybody there? */
export async function openLiveStream(
  open: (listener: LiveListener) => Promise<LiveView>,
  mayGoOn: () => Promise<boolean>,
): Promise<LiveStream> {
  let isWanted = false;
  let timers: readonly NodeJS.Timeout[] = [];
  let frame: (news: LiveNews) => string = openingFrame;
  const send = (): void => {
    if (!isWanted || stream.destroyed) return;
    const text = frame(view.take(TAKEN_TOGETHER));
    frame = framesOf;
    if (text === "") return;
    isWanted = false;
    stream.push(text);
  };
  const end = (): void => {
    if (isWanted) stream.push(null);
    else stream.destroy();
    isWanted = false;
  };
  const view = await open({ onNews: () => send(), onEnd: () => end() });
  const stream = new Readable({
    highWaterMark: BUFFER_BYTES,
    read: () => {
      isWanted = true;
      send();
    },
    destroy: (error, done) => {
      for (const timer of timers) clearInterval(timer);
      view.close();
      done(error);
    },
  });
  const sayThatItIsThere = (): void => {
    if (frame === framesOf) frame = keepAliveFrame;
    send();
  };
  const check = (): void => {
    // Nobody is sent away because Redis cannot say at present whose session it is.
    void mayGoOn().then(
      (may) => may || end(),
      () => undefined,
    );
  };
  timers = [setInterval(sayThatItIsThere, KEEP_ALIVE_MS).unref(), setInterval(check, CHECK_MS).unref()];
  return { stream, end };
}
