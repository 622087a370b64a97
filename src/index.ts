/**
 * The package's entry: publish from any process, or embed the whole service in one's own. What only the service needs
 * is loaded when one is created, so that a producer pays nothing for it.
 */
import type { EmbeddedHookwave, HookwaveOptions } from "./app/embedded.ts";

export type { EmbeddedHookwave as Hookwave, HookwaveOptions } from "./app/embedded.ts";
export { configFromEnv } from "./config/environment.ts";
export type { Endpoint } from "./core/endpoint.ts";
export type { Happening, Tell } from "./core/happening.ts";
export type { Rotation } from "./endpoints/rotation.ts";
export type { EndpointChanges, EndpointRequest } from "./endpoints/settings.ts";
export type { EndpointStatus } from "./manage/endpoint-health.ts";
export * from "./publisher.ts";
export { publicKeyOf } from "./wire/ed25519.ts";

/** The whole service, embeddable. It delivers from `start` on; publishing works before that, too. */
export async function createHookwave(options: HookwaveOptions): Promise<EmbeddedHookwave> {
  const app = await import("./app/embedded.ts");
  return await app.createHookwave(options);
}
