/** A receiver in Express: `WEBHOOK_SECRET=whsec_… node examples/express.ts` */
import express from "express";
import { createInbox, createMemoryStore } from "hookwave/receiver";
import { expressReceiver } from "hookwave/receiver/express";

const {
  WEBHOOK_SECRET: secret = "",
  WEBHOOK_SECRET_PREVIOUS: previous = "",
  PORT: port = "3000",
} = process.env;
// Both, while the sender moves from one to the other.
const secrets = previous === "" ? [secret] : [secret, previous];

const inbox = createInbox({
  // In memory, an event is handled once per process: use createRedisStore, or a table of your own, in production.
  store: createMemoryStore(),
  handler: (event) => console.log(`handled ${event.type} ${event.id}`),
});

const app = express();
// Before app.use(express.json()): signatures are over bytes, and a parser keeps none.
app.post("/hook", expressReceiver({ inbox, secrets }));
app.use(express.json());

const server = app.listen(Number(port), "127.0.0.1", () => {
  const address = server.address();
  console.log(`listening on ${typeof address === "object" ? address?.port : port}`);
});
