/** The form of a setting that is the address of a Redis, and of the certificates that go with it. Pure. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { REDIS_URL_IN_WORDS, readRedisUrl } from "../core/redis-url.ts";
import { type Form, form } from "./forms.ts";

export function redisUrl(): Form<string> {
  return form(REDIS_URL_IN_WORDS, (text) => (readRedisUrl(text) === null ? null : text));
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

export function certificates(): Form<string> {
  return form("one certificate or more, as PEM", (text) => {
    const all = text.match(CERTIFICATE) ?? [];
    return all.length > 0 && all.every(isCertificate) ? text : null;
  });
}

export function privateKey(): Form<string> {
  return form("a private key without a passphrase, as PEM", (text) => (isPrivateKey(text) ? text : null));
}

const isCertificate = (pem: string): boolean => isRead(() => new X509Certificate(pem));
const isPrivateKey = (pem: string): boolean => isRead(() => createPrivateKey(pem));

function isRead(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}
