/**
 * Signals that tell a process that runs on to end. The first SIGTERM or SIGINT asks it to; the second one means at
 * once.
 */
import { system } from "../config/system.ts";
import { EXIT } from "./exit-codes.ts";

const SIGNALS = ["SIGTERM", "SIGINT"] as const;
/** One Ctrl-C can arrive twice: from the terminal, and from an npm that passes it on. */
const ECHO_MS = 300;

interface StopRequest {
  /** Resolves at the first signal. */
  readonly asked: Promise<void>;
  /** Stops listening: from now on a signal does what it does by default. */
  readonly ignore: () => void;
}

/** `atOnce` runs before the exit that a second signal forces; it may not wait for anything. */
export function listenForStop(atOnce: () => void): StopRequest {
  const asked = Promise.withResolvers<void>();
  let firstAt: number | null = null;
  const onSignal = (): void => {
    const now = system.monotonicMs();
    firstAt ??= now;
    asked.resolve();
    if (now - firstAt < ECHO_MS) return;
    atOnce();
    process.exit(EXIT.failure);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    asked: asked.promise,
    ignore: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}
