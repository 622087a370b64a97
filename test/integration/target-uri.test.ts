/** A signature covers the URL that is on the request line, for every URL that can be registered; read from the wire. */
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { checkUrl } from "../../src/deliver/url-policy.ts";
import { targetUri } from "../../src/wire/target-uri.ts";
import { CASES } from "../support/hostile.ts";
import { plainAnswer } from "../support/raw-receiver.ts";
import { loopbackPolicy, openThings, postTo } from "../support/transports.ts";

const { receiver, transport, closeAll } = openThings();
afterAll(closeAll);

/** Pieces that URL parsers treat in ways of their own, between arbitrary text. */
const piece = fc.oneof(
  fc.constantFrom("?", "??", "&", "=", "/", "//", "/./", "/../", "%2e%2e", "%2F", "%", "%zz", ";", "'", '"'),
  fc.constantFrom("<", "|", "^", "{", "[", "~", "+", "@", ":", "é", "日本", "%C3%A9", "*", "!", "$", ","),
  fc.string({ unit: "grapheme", maxLength: 5 }),
);
const anyTail = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));

/** What a receiver verifies against: scheme and Host, and the target of the request line. */
function received(head: string): string {
  const [, target = ""] = /^POST (\S+) HTTP/.exec(head) ?? [];
  const [, host = ""] = /\r\nhost: (\S+)/i.exec(head) ?? [];
  return `http://${host}${target}`;
}

it("is what the request line and Host say, whatever was registered", async () => {
  const { port, requests } = await receiver((socket) => socket.write(plainAnswer(200)));
  const { post } = transport();
  const isSignedAsSent = async (tail: string): Promise<void> => {
    const url = `HTTP://127.1:${port}${tail}`;
    fc.pre(checkUrl(url, loopbackPolicy).ok);
    expect(await post(postTo(url))).toMatchObject({ kind: "answered" });
    expect(targetUri(url)).toBe(received(requests.at(-1)?.head ?? ""));
  };
  for (const tail of ["", "?", "/?", "/hook?", "?a=1", "/a b?c=é", "/..", "/%2e%2e/x?y#"])
    if (checkUrl(`http://127.0.0.1:${port}${tail}`, loopbackPolicy).ok) await isSignedAsSent(tail);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("", "/", "/hook", "?").chain((start) => anyTail.map((tail) => start + tail)),
      isSignedAsSent,
    ),
    CASES,
  );
});
