/**
 * One receiver of each family, independent of our code: the family's own npm package where there is one, and
 * else a few lines written from the format's description. Each says whether it accepts a request.
 */
import { createHash, createHmac, createPublicKey, verify as verifySignature } from "node:crypto";
import { verify as verifyGithub } from "@octokit/webhooks-methods";
import { verifySignature as verifyMessageSig } from "http-message-sig";
import { createVerifier, httpbis } from "http-message-signatures";
import { Webhook as StandardWebhook } from "standardwebhooks";
import Stripe from "stripe";
import { Webhook as SvixWebhook } from "svix";
import type { ProfileName } from "../../src/core/endpoint.ts";

/** A request as a receiver gets it: header names in lower case. */
export interface Incoming {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Accepts = (request: Incoming, secret: string) => boolean | Promise<boolean>;

/** Lower-cases the names, as every HTTP server does. */
export function incoming(url: string, body: string, headers: Readonly<Record<string, unknown>>): Incoming {
  const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return { url, body, headers: Object.fromEntries(entries) };
}

const holds = (check: () => unknown): boolean => {
  try {
    check();
    return true;
  } catch {
    return false;
  }
};

/** The packages compare with the clock and allow five minutes. */
export const acceptsStandard: Accepts = ({ headers, body }, secret) => {
  const answers = [StandardWebhook, SvixWebhook].map((Webhook) =>
    holds(() => new Webhook(secret).verify(body, headers)),
  );
  return answers.every(Boolean);
};

/** No npm package verifies `v1a`; the specification's own words do, with the key it calls `whpk_`. */
export function acceptsEd25519({ headers, body }: Incoming, publicKey: string): boolean {
  const x = Buffer.from(publicKey.slice("whpk_".length), "base64").toString("base64url");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  const signed = Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`);
  const signatures = (headers["webhook-signature"] ?? "").split(" ").filter((one) => one.startsWith("v1a,"));
  return signatures.some((one) => verifySignature(null, signed, key, Buffer.from(one.slice(4), "base64")));
}

const hex = (secret: string, text: string): string =>
  createHmac("sha256", Buffer.from(secret, "utf8")).update(Buffer.from(text, "utf8")).digest("hex");

/** It compares the header as a whole. */
const acceptsHokusai: Accepts = ({ headers, body }, secret) => {
  const [timestamp, nonce] = [headers["x-hokusai-timestamp"], headers["x-hokusai-nonce"]];
  const signed = timestamp === undefined ? body : `${timestamp}.${nonce}.${body}`;
  return headers["x-hokusai-signature"] === `sha256=${hex(secret, signed)}`;
};

const acceptsKlipstream: Accepts = ({ headers, body }, secret) =>
  headers["x-klipstream-signature"] === `sha256=${hex(secret, body)}`;

const acceptsLlmService: Accepts = ({ headers, body }, secret) =>
  headers["x-webhook-signature"] === `sha256=${hex(secret, body)}` &&
  headers["x-webhook-event"] !== undefined;

const acceptsGithub: Accepts = async ({ headers, body }, secret) =>
  (await verifyGithub(secret, body, headers["x-hub-signature-256"] ?? "")) &&
  headers["x-github-event"] !== undefined &&
  headers["x-github-delivery"] !== undefined;

const acceptsStripe: Accepts = ({ headers, body }, secret) =>
  holds(() => Stripe.webhooks.constructEvent(body, headers["stripe-signature"] ?? "", secret));

/** As the option's documentation describes it, at its defaults. */
const acceptsHmac: Accepts = ({ headers, body }, secret) =>
  headers["x-signature"] === `sha256=${hex(secret, body)}`;

const COVERED = ["@method", "@target-uri", "content-digest", "date"];

/** Neither package hashes the body, so a receiver has to. */
const acceptsAiCore: Accepts = async (request, secret) => {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);
  const digest = createHash("sha256").update(request.body).digest("base64");
  return (
    request.headers["content-digest"] === `sha-256=:${digest}:` &&
    (await acceptsByMessageSignatures(request, key)) &&
    (await acceptsByMessageSig(request, key))
  );
};

async function acceptsByMessageSignatures({ url, headers }: Incoming, key: Buffer): Promise<boolean> {
  const verifier = { id: "ai-core", algs: ["hmac-sha256"], verify: createVerifier(key, "hmac-sha256") };
  const config = {
    keyLookup: async ({ keyid }: { keyid?: string }) => (keyid === verifier.id ? verifier : null),
    requiredFields: COVERED,
    requiredParams: ["alg", "created", "expires", "keyid"],
  };
  const message = { method: "POST", url, headers };
  return await httpbis.verifyMessage(config, message).then(Boolean, () => false);
}

async function acceptsByMessageSig({ url, headers }: Incoming, key: Buffer): Promise<boolean> {
  const message = new Request(url, { method: "POST", headers });
  const policy = {
    algorithms: ["hmac-sha256"],
    requiredComponents: COVERED,
    requiredParameters: ["created", "expires", "keyid"],
    maxAge: 300,
  };
  const verify = (data: Uint8Array, signature: Uint8Array): boolean =>
    createHmac("sha256", key).update(data).digest().equals(signature);
  const resolveVerifier = () => ({ algorithm: "hmac-sha256", verify });
  return await verifyMessageSig(message, { policy, resolveVerifier }).then(Boolean, () => false);
}

export const accepts: Readonly<Record<ProfileName, Accepts>> = {
  standard: acceptsStandard,
  hokusai: acceptsHokusai,
  klipstream: acceptsKlipstream,
  "ai-core": acceptsAiCore,
  "llm-service": acceptsLlmService,
  github: acceptsGithub,
  stripe: acceptsStripe,
  hmac: acceptsHmac,
};
