/** The package's entry: publish from any process, or embed the whole service in one's own. */

export {
  createHookwave,
  createPublisher,
  type Hookwave,
  type HookwaveOptions,
  type PublisherOptions,
} from "./app.ts";
export type { EventData, JsonObject, KnownEventType } from "./catalogue/catalogue.ts";
export type { DestinationRequest } from "./core/destination.ts";
export type { Durability } from "./core/durability.ts";
export type { Endpoint } from "./core/endpoint.ts";
export { ERROR_CODES, type ErrorCode, HookwaveError } from "./core/errors.ts";
export type { Happening, Tell } from "./core/happening.ts";
export type { EndpointRequest } from "./endpoints/request.ts";
export type { EndpointChanges, Rotation } from "./endpoints/revision.ts";
export type { EndpointStatus } from "./manage/endpoint-health.ts";
export type { NewEvent, NewTextEvent, Publisher, PublishOptions, Receipt } from "./publish/publisher.ts";
export { publicKeyOf } from "./wire/ed25519.ts";
