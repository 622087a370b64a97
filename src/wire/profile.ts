/**
 * A wire profile: how one family of receivers wants the request. A profile is a pure description; adding one
 * is one file in profiles/ and one line in profiles.ts.
 */
import type { ProfileOptions } from "../core/endpoint.ts";
import type { PublishedEvent } from "../core/event.ts";

export interface Signing {
  /** Live secrets, newest first; never empty. */
  readonly secrets: readonly string[];
  /** From 1: a header with room for one signature takes the secrets in turn. */
  readonly attemptNumber: number;
  /** Unix seconds of this attempt. */
  readonly timestamp: number;
  /** A UUID v4 of this attempt. */
  readonly nonce: string;
  /** The URL of the request; some signatures cover it. */
  readonly url: string;
  readonly options: ProfileOptions;
}

export interface WireProfile {
  /** The exact body text; `event.data` is placed in it byte for byte. */
  readonly body: (event: PublishedEvent) => string;
  /** The family's own headers over that body; Standard Webhooks headers are added by `sign` for every profile. */
  readonly headers: (
    event: PublishedEvent,
    body: string,
    signing: Signing,
  ) => Readonly<Record<string, string>>;
  /** Is this status final, so that a retry cannot help? */
  readonly isFinal: (status: number) => boolean;
  /** The receiver's side of the family's signature, in words for its owner when it refuses ours. */
  readonly verification: string;
}
