/** A receiver of model registrations (profile hokusai) in Fastify: `WEBHOOK_SECRET=… node examples/fastify.ts` */
import { fastify } from "fastify";
import { createInbox, createMemoryStore } from "hookwave/receiver";
import { fastifyReceiver } from "hookwave/receiver/fastify";

const {
  WEBHOOK_SECRET: secret = "",
  WEBHOOK_SECRET_PREVIOUS: previous = "",
  PORT: port = "3000",
} = process.env;
// Both, while the sender moves from one to the other.
const secrets = previous === "" ? [secret] : [secret, previous];

const inbox = createInbox({
  store: createMemoryStore(),
  handler: (event) => {
    // The compiler knows the data of every event in the catalogue.
    if (event.kind === "known" && event.type === "model.registered" && "model_id" in event.data)
      console.log(`model ${event.data.model_id} is registered`);
    console.log(`handled ${event.type} ${event.id}`);
  },
});

const app = fastify();
app.register(fastifyReceiver({ path: "/hook", profile: "hokusai", inbox, secrets }));
const address = await app.listen({ port: Number(port), host: "127.0.0.1" });
console.log(`listening on ${new URL(address).port}`);
