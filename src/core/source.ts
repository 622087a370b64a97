/**
 * A source: a sender whose callbacks this service receives at `/in/<id>`. No key is asked for there: the signature is
 * what counts. Secrets are plain only in memory; the store seals them (decision 10).
 */
import type { SourceId } from "./brand.ts";
import type { ProfileName, SignedContent } from "./endpoint.ts";

/** The end of a callback whose signature is not valid: refused, or taken and marked. */
export const ON_INVALID = ["reject", "flag"] as const;
export type OnInvalid = (typeof ON_INVALID)[number];

export interface Source {
  readonly id: SourceId;
  readonly profile: ProfileName;
  /** Newest first; each is accepted. None: nothing can be verified, and everything is flagged. */
  readonly secrets: readonly string[];
  readonly onInvalid: OnInvalid;
  readonly description: string;
  /** stripe, hmac: the header that carries the signature; null for its usual one. */
  readonly signatureHeader: string | null;
  /** hmac: the text that is signed. */
  readonly signedContent: SignedContent;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A part of a path, and of the types of events that its callbacks are forwarded as. */
export const SOURCE_ID_PATTERN = /^[a-z0-9][a-z0-9-]{0,39}$/;
export const SOURCE_ID_IN_WORDS = "1–40 of a–z 0–9 -, not beginning with -";

export const SOURCE_SECRETS_MAX = 5;

export const isUnsigned = ({ secrets }: Pick<Source, "secrets">): boolean => secrets.length === 0;

export const receivingPath = (id: SourceId): string => `/in/${id}`;
