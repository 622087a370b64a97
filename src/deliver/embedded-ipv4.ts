/**
 * The IPv4 address that an IPv6 address stands for: whoever opens the IPv6 network that such addresses lie in has not opened
 * what they lead to. It knows the forms that have a place for one; it judges none.
 */
import { BlockList } from "node:net";

/** Forms that end with it: RFC 4291 §2.5.5 (compatible, mapped), RFC 2765 (translated), RFC 6052 and RFC 8215 (NAT64). */
const AT_THE_END = networks(["::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48"]);
/** `::` and `::1` are addresses by themselves. */
const NONE = networks(["::/127"]);
/** RFC 3056: after the prefix. */
const SIX_TO_FOUR = networks(["2002::/16"]);
/** RFC 4380 §4: at the end, with every bit turned round. */
const TEREDO = networks(["2001::/32"]);

/** Null where it stands for none. `address` is an IPv6 address without a zone. */
export function embeddedIpv4(address: string): string | null {
  const lies = (list: BlockList): boolean => list.check(address, "ipv6");
  if (lies(NONE)) return null;
  const groups = groupsOf(address);
  if (lies(AT_THE_END)) return dotted(groups.slice(6));
  if (lies(SIX_TO_FOUR)) return dotted(groups.slice(1, 3));
  return lies(TEREDO) ? dotted(groups.slice(6).map((group) => group ^ 0xffff)) : null;
}

/** The eight numbers of an address; the URL parser has turned every spelling of it into one. */
function groupsOf(address: string): readonly number[] {
  const [head = "", tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split("::");
  const numbers = (text = ""): readonly number[] =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const [before, after] = [numbers(head), numbers(tail)];
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

const dotted = (groups: readonly number[]): string =>
  groups.flatMap((group) => [group >> 8, group & 0xff]).join(".");

function networks(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = "", bits] = cidr.split("/");
    list.addSubnet(address, Number(bits), "ipv6");
  }
  return list;
}
