/**
 * X.509 certificates made at test time, so that none is committed and none expires: a small DER writer over
 * node:crypto (X.690 for the encoding, RFC 5280 for the shape). ECDSA on P-256 throughout.
 */
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { isIPv4 } from "node:net";
import type { Certificate } from "./raw-receiver.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;

export interface Authority {
  /** The authority's own certificate, PEM: what a client trusts. */
  readonly cert: string;
  readonly issue: (host: string, validity?: { readonly endsInDays: number }) => Certificate;
}

export function createAuthority(name = "Hookwave test authority"): Authority {
  const keys = newKeys();
  const basicConstraints = extension([0x55, 0x1d, 0x13], sequence(der(0x01, Buffer.from([0xff]))));
  const own = { subject: name, issuer: name, publicKey: keys.publicKey, endsInDays: 1 };
  return {
    cert: certificatePem({ ...own, extension: basicConstraints }, keys.privateKey),
    issue: (host, { endsInDays } = { endsInDays: 1 }) => {
      const { publicKey, privateKey } = newKeys();
      const leaf = { subject: host, issuer: name, publicKey, endsInDays, extension: namesOf(host) };
      return { cert: certificatePem(leaf, keys.privateKey), key: keyPem(privateKey) };
    },
  };
}

/** A certificate that vouches for itself, as they are made in a hurry. */
export function selfSigned(host: string): Certificate {
  const { publicKey, privateKey } = newKeys();
  const own = { subject: host, issuer: host, publicKey, endsInDays: 1, extension: namesOf(host) };
  return { cert: certificatePem(own, privateKey), key: keyPem(privateKey) };
}

interface Contents {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly endsInDays: number;
  readonly extension: Buffer;
}

function newKeys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

const keyPem = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString();

function certificatePem(contents: Contents, signer: KeyObject): string {
  const ecdsaWithSha256 = sequence(oid([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
  const signed = sequence(
    der(0xa0, integer(2)),
    integer(Math.floor(Math.random() * 0x7fff_ffff)),
    ecdsaWithSha256,
    commonName(contents.issuer),
    sequence(utcTime(contents.endsInDays - 30), utcTime(contents.endsInDays)),
    commonName(contents.subject),
    contents.publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(contents.extension)),
  );
  const signature = der(0x03, Buffer.from([0]), sign("sha256", signed, signer));
  const lines =
    sequence(signed, ecdsaWithSha256, signature)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);
const oid = (bytes: readonly number[]): Buffer => der(0x06, Buffer.from(bytes));
const extension = (id: readonly number[], value: Buffer): Buffer => sequence(oid(id), der(0x04, value));
const commonName = (name: string): Buffer =>
  sequence(der(0x31, sequence(oid([0x55, 0x04, 0x03]), der(0x0c, Buffer.from(name)))));

/** RFC 5280 §4.2.1.6: a name, or an IPv4 address. */
function namesOf(host: string): Buffer {
  const name = isIPv4(host)
    ? der(0x87, Buffer.from(host.split(".").map(Number)))
    : der(0x82, Buffer.from(host));
  return extension([0x55, 0x1d, 0x11], sequence(name));
}

function integer(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  const start = bytes.findIndex((byte) => byte !== 0);
  const content = bytes.subarray(start === -1 ? 3 : start);
  const isNegative = (content[0] ?? 0) >= 0x80;
  return der(0x02, isNegative ? Buffer.concat([Buffer.from([0]), content]) : content);
}

function utcTime(inDays: number): Buffer {
  const iso = new Date(Date.now() + inDays * DAY_MS).toISOString();
  return der(0x17, Buffer.from(`${iso.slice(2, 19).replace(/[-T:]/g, "")}Z`));
}
