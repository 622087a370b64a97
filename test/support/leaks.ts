/**
 * Fails a test file that leaves something open: a socket, a server, a child process, a worker thread.
 * Runs after the file's own hooks. It looks only at what keeps a process alive, so an idle, unref'd
 * keep-alive connection of a client library is no leak.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll } from "vitest";
import { endFile, notYetBlamed } from "./end-of-file.ts";

const LEAKS: ReadonlySet<string> = new Set([
  "TCPSocketWrap",
  "TCPServerWrap",
  "TLSWrap",
  "ProcessWrap",
  "Worker",
]);
/** A closed socket is gone only some turns of the event loop later. */
const PATIENCE_MS = 2_000;

function openHandles(): readonly string[] {
  return process.getActiveResourcesInfo().filter((name) => LEAKS.has(name));
}

afterAll(async () => {
  await endFile();
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (openHandles().length > 0 && performance.now() < giveUpAt) await sleep(10);
  const open = notYetBlamed(openHandles());
  if (open.length === 0) return;
  throw new Error(`expected nothing left open after this file, got ${open.join(", ")}; close it in afterAll`);
});
