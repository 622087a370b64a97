/** A receiver as a Next.js route handler, `app/api/hook/route.ts`; the same lines serve Deno, Bun and Workers. */
import { createInbox, createMemoryStore } from "hookwave/receiver";
import { fetchReceiver } from "hookwave/receiver/fetch";

const { WEBHOOK_SECRET: secret = "", WEBHOOK_SECRET_PREVIOUS: previous = "" } = process.env;
// Both, while the sender moves from one to the other.
const secrets = previous === "" ? [secret] : [secret, previous];

const inbox = createInbox({
  store: createMemoryStore(),
  handler: (event) => console.log(`handled ${event.type} ${event.id}`),
});

export const POST = fetchReceiver({ inbox, secrets });
