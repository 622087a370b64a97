/** A receiver as a Next.js route handler, `app/api/hook/route.ts`; the same lines serve Deno, Bun and Workers. */
import { createInbox, createMemoryStore } from "hookwave/receiver";
import { fetchReceiver } from "hookwave/receiver/fetch";

const inbox = createInbox({
  store: createMemoryStore(),
  handler: (event) => console.log(`handled ${event.type} ${event.id}`),
});

export const POST = fetchReceiver({ inbox, secrets: (process.env["WEBHOOK_SECRET"] ?? "").split(",") });
