/**
 * The few words of Redis' own protocol that a consumer of the bus needs, over a plain socket. Like the demo's receiver
 * it shares no code with the sender, so that what it reads is what anybody would.
 */
import { once } from "node:events";
import { createConnection } from "node:net";

export type Reply = string | number | null | readonly Reply[];

interface RedisLine {
  readonly ask: (...words: readonly string[]) => Promise<Reply>;
  readonly close: () => void;
}

/** `hear` gets what nobody asked for: messages of a channel. */
export async function openRedisLine(url: string, hear: (reply: Reply) => void): Promise<RedisLine> {
  const { hostname, port, password } = new URL(url);
  const socket = createConnection({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, "connect");
  const askers: ((reply: Reply) => void)[] = [];
  let unread = "";
  // Byte for byte, so that lengths count; what a consumer compares here is plain ASCII.
  socket.setEncoding("latin1").on("data", (more) => {
    unread += more;
    for (let read = replyAt(unread, 0); read !== null; read = replyAt(unread, 0)) {
      unread = unread.slice(read.end);
      (askers.shift() ?? hear)(read.reply);
    }
  });
  socket.on("error", () => undefined);
  const ask = (...words: readonly string[]): Promise<Reply> => {
    const { promise, resolve } = Promise.withResolvers<Reply>();
    askers.push(resolve);
    const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    socket.write(`*${words.length}\r\n${parts.join("")}`);
    return promise;
  };
  if (password !== "") await ask("AUTH", decodeURIComponent(password));
  return { ask, close: () => socket.destroy() };
}

interface ReadReply {
  readonly reply: Reply;
  readonly end: number;
}

/** Null while it is not all there. */
function replyAt(text: string, from: number): ReadReply | null {
  const lineEnd = text.indexOf("\r\n", from);
  if (lineEnd < 0) return null;
  const [mark, line, end] = [text[from], text.slice(from + 1, lineEnd), lineEnd + 2];
  if (mark === "$") return bulkAt(text, end, Number(line));
  if (mark === "*") return listAt(text, end, Number(line));
  return { reply: mark === ":" ? Number(line) : line, end };
}

function bulkAt(text: string, from: number, length: number): ReadReply | null {
  if (length < 0) return { reply: null, end: from };
  const end = from + length + 2;
  return text.length < end ? null : { reply: text.slice(from, end - 2), end };
}

function listAt(text: string, from: number, length: number): ReadReply | null {
  if (length < 0) return { reply: null, end: from };
  const replies: Reply[] = [];
  let end = from;
  while (replies.length < length) {
    const read = replyAt(text, end);
    if (read === null) return null;
    replies.push(read.reply);
    end = read.end;
  }
  return { reply: replies, end };
}
