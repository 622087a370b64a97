/**
 * The event of Hookwave itself: the one a person sends to see whether a receiver works. Its data may be anything, so
 * that a receiver can be shown what it is going to get.
 */
import { anyObject } from "./fields.ts";
import { known } from "./known-event.ts";

export const webhookEvents = {
  "webhook.test": known(anyObject, "Somebody tries out this endpoint; nothing has happened.", {
    message: "This is a test from Hookwave. Nothing has happened.",
  }),
};
