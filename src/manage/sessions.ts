/**
 * Sessions: somebody shows an API key once, and is known by a random id from then on, which a browser keeps where no script
 * reads it. A session has its key's roles and ends with it; what it may do is asked of the key each time.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Caller } from "../core/access.ts";
import type { SessionStore } from "../store/sessions.ts";
import type { KeyHolder, KeyManagement } from "./keys.ts";

interface BegunSession {
  /** A secret: whoever has it is the caller. */
  readonly id: string;
  readonly caller: Caller;
}

export interface SessionManagement {
  /** Null for a token that is nobody's. */
  readonly begin: (token: string) => Promise<BegunSession | null>;
  /** The caller whose session this is; null for nobody's, and for one whose key is gone or another by now. */
  readonly use: (id: string) => Promise<Caller | null>;
  readonly end: (id: string) => Promise<void>;
}

interface SessionDeps {
  readonly store: SessionStore;
  readonly checkAnew: KeyManagement["checkAnew"];
  readonly findHolder: (keyId: string) => KeyHolder | null;
  readonly now: () => number;
}

const ID_BYTES = 32;

/** A key that people have chosen could be guessed from its digest alone, and Redis does not have the id. */
const proofOf = (id: string, { digest }: KeyHolder): Buffer =>
  createHmac("sha256", id).update(digest).digest();

export function createSessionManagement({
  store,
  checkAnew,
  findHolder,
  now,
}: SessionDeps): SessionManagement {
  return {
    begin: async (token) => {
      const caller = await checkAnew(token);
      const holder = caller === null ? null : findHolder(caller.keyId);
      if (holder === null) return null;
      const id = randomBytes(ID_BYTES).toString("base64url");
      const proof = proofOf(id, holder).toString("base64url");
      await store.begin(id, { keyId: holder.caller.keyId, proof }, now());
      return { id, caller: holder.caller };
    },
    use: async (id) => {
      const session = await store.use(id);
      const holder = session === null ? null : findHolder(session.keyId);
      if (session === null || holder === null) return null;
      const [shown, expected] = [Buffer.from(session.proof, "base64url"), proofOf(id, holder)];
      return shown.length === expected.length && timingSafeEqual(shown, expected) ? holder.caller : null;
    },
    end: store.end,
  };
}
