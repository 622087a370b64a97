/** The entry `hookwave/receiver`: verify a request and handle its event once, without dependencies and without Node. */
export type { RawBody } from "./bytes.ts";
export { createInbox, type Inbox, type InboxOptions, type InboxResult } from "./inbox.ts";
export { type Claim, createMemoryStore, type InboxStore } from "./inbox-store.ts";
export type { ReceivingProfileName } from "./profiles.ts";
export type { HeadersInput } from "./received-headers.ts";
export { type VerificationCode, VerificationError } from "./verification-error.ts";
export { type VerifyOptions, verify } from "./verify.ts";
export type { CustomWebhookEvent, KnownWebhookEvent, WebhookEvent } from "./webhook-event.ts";
