/**
 * Management of API keys: making, listing and revoking them, and checking a request's token. The bootstrap key comes from
 * the environment: it is there before Redis is, and is how the first key is made from outside.
 */
import { hash, timingSafeEqual } from "node:crypto";
import type { ApiKey, Caller, NewApiKey } from "../core/access.ts";
import type { ApiKeys } from "../store/api-keys.ts";
import { auditEntry } from "./audit.ts";

export interface KeyManagement {
  /** The token is shown this once. Throws CONFIG_INVALID when there are too many keys. */
  readonly create: (asked: NewApiKey) => Promise<ApiKey & { readonly token: string }>;
  readonly list: () => Promise<readonly ApiKey[]>;
  /** Throws KEY_UNKNOWN. */
  readonly revoke: (id: string) => Promise<void>;
  /** The caller whose token this is; null for nobody's. */
  readonly check: (token: string) => Caller | null;
  /** The same, and of a key that memory does not know Redis is asked: it may have been made a moment ago, anywhere. */
  readonly checkAnew: (token: string) => Promise<Caller | null>;
  /** True when any key exists; null while nobody can know, because Redis has not answered yet. */
  readonly exist: () => boolean | null;
  /** False until Redis has said which keys there are: a token that is nobody's may be somebody's then. */
  readonly areKnown: () => boolean;
}

/** Somebody who has a key, and the SHA-256 of its token. */
export interface KeyHolder {
  readonly caller: Caller;
  readonly digest: Buffer;
}

const BOOTSTRAP: Caller = { keyId: "bootstrap", name: "bootstrap", roles: ["admin"] };

export function createKeyManagement(
  apiKeys: ApiKeys,
  bootstrapKey: string | null,
  now: () => number,
): KeyManagement {
  const digest = bootstrapKey === null ? null : hash("sha256", bootstrapKey, "buffer");
  const isBootstrap = (token: string): boolean =>
    digest !== null && timingSafeEqual(hash("sha256", token, "buffer"), digest);
  return {
    create: (asked) =>
      apiKeys.create(asked, now(), ({ id, name, roles }) =>
        auditEntry("key.created", id, { before: null, after: { name, roles } }),
      ),
    list: apiKeys.list,
    revoke: (id) =>
      apiKeys.revoke(id, ({ name, roles }) =>
        auditEntry("key.revoked", id, { before: { name, roles }, after: null }),
      ),
    check: (token) => (isBootstrap(token) ? BOOTSTRAP : apiKeys.check(token)),
    checkAnew: async (token) => (isBootstrap(token) ? BOOTSTRAP : await apiKeys.checkAnew(token)),
    exist: () => (bootstrapKey === null ? apiKeys.exist() : true),
    areKnown: () => apiKeys.exist() !== null,
  };
}

/** From memory: whose key has this id; null for nobody's. For what must end with a key, or with another under its name. */
export function createFindHolder(
  apiKeys: Pick<ApiKeys, "find">,
  bootstrapKey: string | null,
): (keyId: string) => KeyHolder | null {
  const bootstrap =
    bootstrapKey === null ? null : { caller: BOOTSTRAP, digest: hash("sha256", bootstrapKey, "buffer") };
  return (keyId) => (keyId === BOOTSTRAP.keyId ? bootstrap : apiKeys.find(keyId));
}
