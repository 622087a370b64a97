/**
 * A name server on a free port of loopback, as small as one can be: it answers, delays, refuses or drops questions for
 * addresses as a test tells it, name by name, and keeps what it was asked.
 */
import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";
import { isIP } from "node:net";

/** Answers for a name: its addresses, with how long they hold; or a response code; or nothing at all. */
export type NameReply =
  | { readonly addresses: readonly string[]; readonly ttl?: number; readonly afterMs?: number }
  | "nxdomain"
  | "servfail"
  | "refused"
  | "never";

export type QuestionFamily = 4 | 6;
export type Zone = (name: string, family: QuestionFamily) => NameReply;

export interface NameServer extends AsyncDisposable {
  /** As `dns.setServers` takes it. */
  readonly address: string;
  /** `4 name` and `6 name`, in the order in which they came. */
  readonly asked: readonly string[];
  readonly answers: (zone: Zone) => void;
}

const RESPONSE_CODES = { servfail: 2, nxdomain: 3, refused: 5 } as const;
const HEADER_BYTES = 12;
const TYPE_A = 1;
const TYPE_AAAA = 28;

export async function startNameServer(first: Zone): Promise<NameServer> {
  const socket = createSocket("udp4");
  const asked: string[] = [];
  const timers = new Set<NodeJS.Timeout>();
  let zone = first;
  socket.on("message", (question, from) => {
    const { name, type, end } = readQuestion(question);
    const family = type === TYPE_A ? 4 : 6;
    asked.push(`${family} ${name}`);
    const reply = zone(name, family);
    if (reply === "never") return;
    const bytes = answerTo(question.subarray(0, end), type, reply);
    const afterMs = typeof reply === "object" ? (reply.afterMs ?? 0) : 0;
    if (afterMs === 0) return send(bytes, from);
    timers.add(setTimeout(send, afterMs, bytes, from));
  });
  const send = (bytes: Buffer, { port, address }: RemoteInfo): void => socket.send(bytes, port, address);
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    answers: (next) => {
      zone = next;
    },
    [Symbol.asyncDispose]: async () => {
      for (const timer of timers) clearTimeout(timer);
      socket.close();
      await once(socket, "close");
    },
  };
}

function readQuestion(bytes: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = bytes[at] ?? 0; length > 0; length = bytes[at] ?? 0) {
    labels.push(bytes.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), type: bytes.readUInt16BE(at + 1), end: at + 5 };
}

/** RFC 1035 §4: header and question once more, then the records. */
function answerTo(question: Buffer, type: number, reply: Exclude<NameReply, "never">): Buffer {
  const records = typeof reply === "string" ? [] : recordsOf(type, reply);
  const header = Buffer.from(question);
  header.writeUInt16BE(0x8180 | (typeof reply === "string" ? RESPONSE_CODES[reply] : 0), 2);
  header.writeUInt16BE(records.length, 6);
  header.writeUInt16BE(0, 8);
  header.writeUInt16BE(0, 10);
  return Buffer.concat([header, ...records]);
}

function recordsOf(
  type: number,
  { addresses, ttl = 60 }: Extract<NameReply, { readonly addresses: readonly string[] }>,
): readonly Buffer[] {
  const wanted = type === TYPE_AAAA ? 6 : 4;
  return addresses
    .filter((address) => isIP(address) === wanted)
    .map((address) => {
      const bytes = wanted === 4 ? ipv4Bytes(address) : ipv6Bytes(address);
      const record = Buffer.alloc(HEADER_BYTES);
      record.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
      record.writeUInt16BE(type, 2);
      record.writeUInt16BE(1, 4);
      record.writeUInt32BE(ttl, 6);
      record.writeUInt16BE(bytes.length, 10);
      return Buffer.concat([record, bytes]);
    });
}

const ipv4Bytes = (address: string): Buffer => Buffer.from(address.split(".").map(Number));

function ipv6Bytes(address: string): Buffer {
  const [head = "", tail] = address.split("::");
  const groups = (text: string): string[] => text.split(":").filter((group) => group !== "");
  const before = groups(head);
  const after = groups(tail ?? "");
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  return Buffer.from([...before, ...zeros, ...after].map((group) => group.padStart(4, "0")).join(""), "hex");
}
