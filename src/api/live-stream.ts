/**
 * A live view as a stream that an answer is made of: it takes from the view only what its reader has room for, says at
 * times that it is there, and ends when its reader may watch no more.
 */
import { Readable } from "node:stream";
import type { LiveListener, LiveNews, LiveView } from "../manage/live-view.ts";
import { framesOf, keepAliveFrame, openingFrame } from "./live-frames.ts";
import type { OpenStream } from "./open-streams.ts";

const TAKEN_TOGETHER = 100;
const KEEP_ALIVE_MS = 15_000;
const CHECK_MS = 5_000;
const BUFFER_BYTES = 64 * 1_024;

/** `mayGoOn`: has its key not been revoked, and is anybody there? */
export async function openLiveStream(
  open: (listener: LiveListener) => Promise<LiveView>,
  mayGoOn: () => Promise<boolean>,
): Promise<OpenStream> {
  let isWanted = false;
  let timers: readonly NodeJS.Timeout[] = [];
  let frame: (news: LiveNews) => string = openingFrame;
  /** Null while it is being opened, when the service may already be closed. */
  let view: LiveView | null = null;
  const stream = new Readable({
    highWaterMark: BUFFER_BYTES,
    read: () => {
      isWanted = true;
      send();
    },
    destroy: (error, done) => {
      for (const timer of timers) clearInterval(timer);
      view?.close();
      done(error);
    },
  });
  const send = (): void => {
    if (!isWanted || view === null || stream.destroyed) return;
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
  view = await open({ onNews: () => send(), onEnd: () => end() });
  const sayThatItIsThere = (): void => {
    if (frame === framesOf) frame = keepAliveFrame;
    send();
  };
  // Nobody is sent away because Redis cannot say at present whose session it is.
  const check = (): void =>
    void mayGoOn().then(
      (may) => may || end(),
      () => undefined,
    );
  if (stream.destroyed) view.close();
  else timers = [setInterval(sayThatItIsThere, KEEP_ALIVE_MS).unref(), setInterval(check, CHECK_MS).unref()];
  return { stream, end };
}
