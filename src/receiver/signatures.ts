/**
 * The primitives, on WebCrypto alone: is one of these signatures by this key? Nothing stops at the first that fits, so
 * that the time taken does not tell which one it was.
 */
import { type Bytes, isEqual } from "./bytes.ts";
import { webCrypto } from "./web-crypto.ts";

/** More would be an invitation to keep a receiver busy (trap 35). */
export const SIGNATURES_MAX = 16;

/** Asks of every item, whatever the others answer. */
export const isTrueOfAny = async <Item>(
  items: readonly Item[],
  ask: (item: Item) => Promise<boolean>,
): Promise<boolean> => (await Promise.all(items.map(ask))).includes(true);

/**
 * HMAC-SHA256 (RFC 2104). `signatures` as they stand in the header; `toText` writes a digest in the same way, so that
 * none is decoded. Importing a key costs 5 µs, so none is kept.
 */
export async function isHmacOf(
  keyBytes: Bytes,
  signed: Bytes,
  signatures: readonly string[],
  toText: (digest: Bytes) => string,
): Promise<boolean> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await webCrypto.subtle.importKey("raw", keyBytes, algorithm, false, ["sign"]);
  const expected = toText(new Uint8Array(await webCrypto.subtle.sign("HMAC", key, signed)));
  return signatures.map((signature) => isEqual(signature, expected)).includes(true);
}

/** Ed25519 (RFC 8032); `keyBytes` are the 32 bytes of a public key. */
export async function isEd25519Of(
  keyBytes: Bytes,
  signed: Bytes,
  signatures: readonly Bytes[],
): Promise<boolean> {
  const key = await webCrypto.subtle.importKey("raw", keyBytes, "Ed25519", false, ["verify"]);
  return await isTrueOfAny(signatures, (signature) =>
    webCrypto.subtle.verify("Ed25519", key, signature, signed),
  );
}

export const sha256 = async (bytes: Bytes): Promise<Bytes> =>
  new Uint8Array(await webCrypto.subtle.digest("SHA-256", bytes));
