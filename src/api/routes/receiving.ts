/**
 * The route at which callbacks come in. No key is asked for and no page is refused, since the signature is what counts; so it
 * takes bytes of any type, one MiB at the most, and counts its callers by themselves. It answers once Redis has the callback.
 */
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { CALLBACK_SIGNATURES } from "../../core/callback.ts";
import type { ReceiveCallback } from "../../manage/receive-callback.ts";
import { Refusal } from "../problem.ts";
import { type Api, operation } from "../routing.ts";

const received = z.object({
  id: z.string().describe("Of the callback as it is stored."),
  signature: z.enum(CALLBACK_SIGNATURES),
  copies: z.int().describe("How often it has come, this time included."),
});

interface ReceivingSettings {
  readonly apiUrl: string | null;
  readonly apiRateLimit: number;
}

export function addReceivingRoute(app: Api, receive: ReceiveCallback, settings: ReceivingSettings): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  const { config, schema } = operation(
    "sender",
    "Inbox",
    "receiveCallback",
    "Take a callback in, as its sender signs it; a JSON body in most families",
    {
      params: z.object({ source: z.string().min(1).max(200) }),
      response: { 202: received },
    },
  );
  // A sender has no key by which it could be told from another behind the same address; it is given what a key is given.
  const rateLimit = {
    max: settings.apiRateLimit,
    keyGenerator: ({ ip }: { readonly ip: string }) => `in:${ip}`,
  };
  const publicUrl = settings.apiUrl?.replace(/\/+$/, "") ?? null;
  app.post("/in/:source", { config: { ...config, rateLimit }, schema }, async (request, reply) => {
    const { params, headers, body } = request;
    const targetUri = targetOf(request, publicUrl);
    const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
    const { isAccepted, reason, ...stored } = await receive({
      source: params.source,
      headers,
      body: bytes,
      targetUri,
    });
    if (!isAccepted) throw refused(reason);
    return reply.code(202).send(stored);
  });
}

/** The URL as its sender has it: the API may lie below a path of another program's server, or of a proxy's. */
function targetOf({ protocol, host, url, originalUrl }: FastifyRequest, publicUrl: string | null): string {
  return publicUrl === null ? `${protocol}://${host}${originalUrl}` : `${publicUrl}${url}`;
}

function refused(reason: string | null): Refusal {
  return new Refusal("CALLBACK_REFUSED", {
    expected: "a callback that its source has signed",
    got: `another one (${reason ?? "no signature"})`,
    remedy: "sign it with the secret that this source was added with",
  });
}
