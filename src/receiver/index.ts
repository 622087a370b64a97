/** The entry `hookwave/receiver`: verify a request, without dependencies and without Node. */
export type { RawBody } from "./bytes.ts";
export type { ReceivingProfileName } from "./profiles.ts";
export type { HeadersInput } from "./received-headers.ts";
export { type VerificationCode, VerificationError } from "./verification-error.ts";
export { type VerifyOptions, verify } from "./verify.ts";
export type { CustomWebhookEvent, KnownWebhookEvent, WebhookEvent } from "./webhook-event.ts";
