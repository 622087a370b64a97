/** Serves the route without Next.js, to try it out: `WEBHOOK_SECRET=whsec_… node examples/nextjs/serve.ts` */
import { serve } from "@hono/node-server";
import { POST } from "./app/api/hook/route.ts";

const notFound = new Response(null, { status: 404 });

serve(
  {
    fetch: (request) => (new URL(request.url).pathname === "/api/hook" ? POST(request) : notFound.clone()),
    port: Number(process.env["PORT"] ?? "3000"),
    hostname: "127.0.0.1",
  },
  (address) => console.log(`listening on ${address.port}`),
);
