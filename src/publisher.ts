/** The entry `hookwave/publisher`: what a producer needs, and nothing of the service that delivers. */

export { createPublisher, type PublisherOptions } from "./app/publishing.ts";
export type { EventData, KnownEventType, ProducedData } from "./catalogue/catalogue.ts";
export type { DestinationRequest } from "./core/destination.ts";
export type { Durability } from "./core/durability.ts";
export { ERROR_CODES, type ErrorCode, HookwaveError } from "./core/errors.ts";
export type { Logger } from "./core/logger.ts";
export type { NewEvent, NewTextEvent } from "./publish/check-event.ts";
export type { Publisher, PublishOptions, Receipt } from "./publish/publisher.ts";
export type { RedisConnection } from "./store/redis-place.ts";
