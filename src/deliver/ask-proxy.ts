/**
 * One request to a proxy over a connection of its own, and the status of the answer (RFC 9112 §4). Written by hand, because
 * what comes after the head of an answer to CONNECT is the receiver's and no body. It reads no more of an answer than its
 * head, and of that no more than 16 KiB.
 */
import type { Socket } from "node:net";

const HEAD_MAX_BYTES = 16 * 1_024;
const HEAD_END = /\r?\n\r?\n/;
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})(?![^ \t\r\n])/;
const BEGINNING = "HTTP/1.";

/** Rejects where the connection ends, or something else than HTTP comes, before there is a status. */
export function askProxy(socket: Socket, head: readonly string[]): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let heard = Buffer.alloc(0);
  const read = (): void => {
    for (let chunk: unknown = socket.read(); Buffer.isBuffer(chunk); chunk = socket.read())
      heard = Buffer.concat([heard, chunk]);
    const answer = readHead(heard);
    if (answer === "more" && heard.length <= HEAD_MAX_BYTES) return;
    // First of all: what is put back is readable again.
    stop();
    if (typeof answer === "string") reject(new Error("an answer that is not HTTP/1.1"));
    else {
      if (answer.rest.length > 0) socket.unshift(answer.rest);
      resolve(answer.status);
    }
  };
  const end = (): void => reject(new Error("the end of the connection instead of an answer"));
  const stop = (): void =>
    void socket.off("readable", read).off("end", end).off("close", end).off("error", reject);
  socket.on("readable", read).once("end", end).once("close", end).once("error", reject);
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  return promise.finally(stop);
}

interface Head {
  readonly status: number;
  readonly rest: Buffer;
}

/** Interim answers (1xx) are passed over. */
function readHead(bytes: Buffer): Head | "more" | "not HTTP" {
  const text = bytes.toString("latin1");
  if (!text.startsWith(BEGINNING.slice(0, text.length))) return "not HTTP";
  const end = HEAD_END.exec(text);
  if (end === null) return "more";
  const status = Number(STATUS_LINE.exec(text)?.[1] ?? 0);
  const rest = bytes.subarray(end.index + end[0].length);
  if (status < 100) return "not HTTP";
  return status < 200 ? readHead(rest) : { status, rest };
}
