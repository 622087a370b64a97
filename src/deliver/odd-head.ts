/**
 * The head of an answer in a spelling that undici's parser refuses: a line that ends with LF alone, a header that goes on in
 * the next line, a name with a space, a length that is said twice. The receiver has done its work and said so in its
 * status line, which is the outcome (trap 24). It says where an answer ends nowhere: its connection carries no other one. So
 * it refuses what two readers would cut differently, because whoever sends that may not be the receiver.
 */

export interface OddHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** Of what came after the head, as much as its length says. */
  readonly body: Buffer;
}

/** The reasons for refusing a head, in words for whoever looks after the receiver. */
export const HEAD_PROBLEMS = {
  http2: "the answer is HTTP/2, and only HTTP/1.1 is spoken here",
  notHttp: "the answer does not begin with an HTTP/1.1 status line",
  interim: "an interim answer (1xx) that nobody asked for, and no other one after it",
  twoFramings: "the answer has both Transfer-Encoding and Content-Length",
  twoLengths: "the answer has two different lengths in Content-Length",
  badLength: "the answer has a Content-Length that is no length",
  nul: "the head of the answer holds a NUL byte",
  tooLarge: "the headers of the answer are larger than 64 KiB",
} as const;

export type HeadProblem = (typeof HEAD_PROBLEMS)[keyof typeof HEAD_PROBLEMS];

const STATUS_LINE = /^HTTP\/1\.\d (\d{3})(?![^ \t])/;
const LENGTH = /^\d{1,15}$/;

/** `bytes` begin where the answer does, and may end anywhere. */
export function readOddHead(bytes: Buffer): OddHead | HeadProblem {
  const text = bytes.toString("latin1");
  const end = /\r?\n\r?\n/.exec(text);
  const headCharacters = end === null ? text.length : end.index + end[0].length;
  const [statusLine = "", ...lines] = text.slice(0, end?.index ?? text.length).split(/\r?\n/);
  const status = Number(STATUS_LINE.exec(statusLine)?.[1] ?? 0);
  if (status < 100) return isHttp2(bytes) ? HEAD_PROBLEMS.http2 : HEAD_PROBLEMS.notHttp;
  const rest = bytes.subarray(headCharacters);
  if (status < 200) return rest.length === 0 || status === 101 ? HEAD_PROBLEMS.interim : readOddHead(rest);
  const headers = readHeaders(lines);
  const problem =
    framingProblem(headers) ?? (lines.some((line) => line.includes("\0")) ? HEAD_PROBLEMS.nul : null);
  return problem ?? { status, headers: Object.fromEntries(headers), body: bodyOf(rest, headers) };
}

/** Its connections begin with a frame SETTINGS of stream 0 (RFC 9113 §3.4): three bytes of length, type 4, flags, stream. */
const isHttp2 = (bytes: Buffer): boolean =>
  bytes.length >= 9 && bytes.readUInt16BE(0) === 0 && bytes[3] === 4 && bytes.readUInt32BE(5) === 0;

type Headers = ReadonlyMap<string, string[]>;

/** A line without a colon says nothing; one that begins with white space goes on with the header before it (RFC 9112 §5.2). */
function readHeaders(lines: readonly string[]): Headers {
  const headers = new Map<string, string[]>();
  let last: string[] | undefined;
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (/^[ \t]/.test(line) && last !== undefined) last.push(`${last.pop() ?? ""} ${line.trim()}`);
    else if (colon > 0) {
      const name = line.slice(0, colon).trim().toLowerCase();
      last = headers.get(name) ?? [];
      last.push(line.slice(colon + 1).trim());
      headers.set(name, last);
    }
  }
  return headers;
}

/** RFC 9112 §6.3: equal lengths are one length, however often they are said. */
function framingProblem(headers: Headers): HeadProblem | null {
  const lengths = headers
    .get("content-length")
    ?.flatMap((value) => value.split(",").map((one) => one.trim()));
  if (lengths === undefined) return null;
  if (headers.has("transfer-encoding")) return HEAD_PROBLEMS.twoFramings;
  if (!lengths.every((length) => LENGTH.test(length))) return HEAD_PROBLEMS.badLength;
  return new Set(lengths.map(Number)).size > 1 ? HEAD_PROBLEMS.twoLengths : null;
}

function bodyOf(rest: Buffer, headers: Headers): Buffer {
  if (headers.has("transfer-encoding")) return Buffer.alloc(0);
  const [length] = headers.get("content-length")?.[0]?.split(",") ?? [];
  return length === undefined ? rest : rest.subarray(0, Number(length));
}
