/** A receiver in Hono, here on Node: `WEBHOOK_SECRET=whsec_… node examples/hono.ts` */
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { createInbox, createMemoryStore } from "hookwave/receiver";
import { honoReceiver } from "hookwave/receiver/hono";

const {
  WEBHOOK_SECRET: secret = "",
  WEBHOOK_SECRET_PREVIOUS: previous = "",
  PORT: port = "3000",
} = process.env;
// Both, while the sender moves from one to the other.
const secrets = previous === "" ? [secret] : [secret, previous];

const inbox = createInbox({
  store: createMemoryStore(),
  handler: (event) => console.log(`handled ${event.type} ${event.id}`),
});

const app = new Hono();
app.post("/hook", honoReceiver({ inbox, secrets }));

serve({ fetch: app.fetch, port: Number(port), hostname: "127.0.0.1" }, (address) =>
  console.log(`listening on ${address.port}`),
);
