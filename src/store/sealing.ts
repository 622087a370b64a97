/**
 * Seals what must never be read from Redis: secrets of endpoints and of sources, and custom headers. AES-256-GCM with its
 * owner as additional data, so that a sealed text cannot be moved to another one (decision 10).
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import type { EndpointId, SourceId } from "../core/brand.ts";
import { HookwaveError } from "../core/errors.ts";

const FORMAT = "g1";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_CHARS = 22;

/** No endpoint's id holds a colon, so that the two never meet. */
type SealOwner = EndpointId | `source:${SourceId}`;

export interface Sealer {
  readonly seal: (plain: string, owner: SealOwner) => string;
  /** Throws SECRET_UNREADABLE when the key is another one or the text was tampered with. */
  readonly open: (sealed: string, owner: SealOwner) => string;
  /** Names the key that seals, and tells nothing of it. */
  readonly keyId: string;
  /** Of the keys that open, the one that seals first. */
  readonly keyIds: readonly string[];
  /** Does the key that seals open it, too? */
  readonly isCurrent: (sealed: string, owner: SealOwner) => boolean;
}

/** Keys are exactly 32 bytes. `key` seals and opens; `previous` only opens, while one is being replaced by the other. */
export function createSealer(key: Buffer, previous: Buffer | null = null): Sealer {
  const keys = previous === null ? [key] : [key, previous];
  const keyIds = keys.map(idOf);
  const [keyId = ""] = keyIds;
  return {
    keyId,
    keyIds,
    seal: (plain, owner) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(owner));
      const body = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
      return `${FORMAT}.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64url")}`;
    },
    open: (sealed, owner) => {
      const opened = openWith(keys, sealed, owner);
      if (opened.plain === null) throw unreadable(owner, opened.cause);
      return opened.plain;
    },
    isCurrent: (sealed, owner) => openWith([key], sealed, owner).plain !== null,
  };
}

/** The key has 32 bytes of chance in it, so that nothing leads back from this. */
const idOf = (key: Buffer): string =>
  createHmac("sha256", key).update("Hookwave's encryption key").digest("base64url").slice(0, KEY_ID_CHARS);

/** With the first key that does; the cause is what the last one said. */
function openWith(keys: readonly Buffer[], sealed: string, owner: SealOwner) {
  let cause: unknown;
  for (const key of keys) {
    try {
      return { plain: unseal(key, sealed, owner) };
    } catch (error) {
      cause = error;
    }
  }
  return { plain: null, cause };
}

function unseal(key: Buffer, sealed: string, owner: SealOwner): string {
  const [format, payload] = sealed.split(".");
  if (format !== FORMAT || payload === undefined)
    throw new Error(`a sealed text of format ${FORMAT} was expected`);
  const bytes = Buffer.from(payload, "base64url");
  const tagEnd = NONCE_BYTES + TAG_BYTES;
  // Left to itself, the cipher is content with the first four bytes of a tag, which can be guessed.
  const whole = { authTagLength: TAG_BYTES };
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE_BYTES), whole)
    .setAAD(Buffer.from(owner))
    .setAuthTag(bytes.subarray(NONCE_BYTES, tagEnd));
  return Buffer.concat([decipher.update(bytes.subarray(tagEnd)), decipher.final()]).toString("utf8");
}

function unreadable(owner: SealOwner, cause: unknown): HookwaveError {
  return new HookwaveError(
    "SECRET_UNREADABLE",
    {
      expected: `the encryption key that sealed the secrets of ${owner.startsWith("source:") ? owner.replace(":", " ") : `endpoint ${owner}`}`,
      got: "a key that does not open them",
      remedy:
        "set HOOKWAVE_ENCRYPTION_KEY (or _PREVIOUS) to the key in use when it was added, or add it again",
    },
    { cause },
  );
}
