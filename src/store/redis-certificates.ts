/**
 * Connections that TLS has refused: what is wrong with whose certificate, and what a person does about it. An error of
 * OpenSSL names none of the settings.
 */
import { HookwaveError, summarise } from "../core/errors.ts";

interface Refusal {
  readonly expected: string;
  readonly remedy: string;
}

const UNKNOWN: Refusal = {
  expected: "a certificate of Redis from an authority that is trusted here",
  remedy: "name the file with its authority's certificate in REDIS_TLS_CA_FILE",
};
const OUTDATED: Refusal = {
  expected: "a certificate of Redis that is valid today",
  remedy: "renew it, or correct this machine's clock",
};
const PLAIN: Refusal = {
  expected: "a TLS handshake with Redis, because its URL says rediss://",
  remedy:
    "check that it runs and that the URL has its TLS port; or write redis:// where nobody else is on the way",
};
const NAMELESS: Refusal = {
  expected: "Redis to take in a process that shows no certificate",
  remedy:
    "where it asks for one (tls-auth-clients), name the files of one that it trusts, and of its key, in REDIS_TLS_CERT_FILE and REDIS_TLS_KEY_FILE",
};

const REFUSALS: Readonly<Record<string, Refusal>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN,
  CERT_SIGNATURE_FAILURE: UNKNOWN,
  CERT_UNTRUSTED: UNKNOWN,
  CERT_HAS_EXPIRED: OUTDATED,
  CERT_NOT_YET_VALID: OUTDATED,
  ERR_TLS_CERT_ALTNAME_INVALID: {
    expected: "a certificate of Redis for the name that is called",
    remedy:
      "name Redis in its URL as its certificate does, or have one made for this name; in a Cluster it is the name that its nodes give each other (cluster-announce-hostname)",
  },
  // A plain Redis takes a handshake for the beginning of a line, and waits for its end.
  ETIMEDOUT: PLAIN,
  ERR_SSL_WRONG_VERSION_NUMBER: PLAIN,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: PLAIN,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: NAMELESS,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: NAMELESS,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: NAMELESS,
};

/** A handshake of TLS 1.3 is over before the server says that it wants a certificate; mostly it just closes. */
const CLOSED = new Set(["ECONNRESET", "EPIPE"]);

/** A connection over TLS, as far as it has come. */
export interface TlsState {
  readonly isShakenHands: boolean;
  readonly hasCertificate: boolean;
}

/** REDIS_UNAVAILABLE, of an error of a connection over TLS; null for one that TLS has no part in. */
export function refusalByTls(error: unknown, state: TlsState): HookwaveError | null {
  const { code, message } = summarise(error);
  const isUnknown = CLOSED.has(code ?? "") && state.isShakenHands && !state.hasCertificate;
  const refusal = isUnknown ? NAMELESS : REFUSALS[code ?? ""];
  if (refusal === undefined) return null;
  return new HookwaveError("REDIS_UNAVAILABLE", { ...refusal, got: `${code}: ${message}` }, { cause: error });
}
