/**
 * The entry `hookwave/fastify`: the API as a plugin, `app.register(fastifyHookwave, { hookwave, prefix: "/hookwave" })`.
 * Encapsulated: its parsers, hooks and error handler are its own application's, and hooks of the application around it,
 * such as one that logs or asks who is there, come before it as before every route.
 */
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { mountApi, urlBelow, withSlash } from "./mounted.ts";
import type { MountableHookwave } from "./ports.ts";

export type { MountableHookwave } from "./ports.ts";

export interface FastifyHookwaveOptions {
  readonly hookwave: MountableHookwave;
  /** Fastify's own: the path of all routes. */
  readonly prefix?: string;
}

const mount: FastifyPluginAsync<FastifyHookwaveOptions> = async (instance, { hookwave }) => {
  const { prefix } = instance;
  const api = mountApi(hookwave);
  instance.addHook("onClose", api.close);
  // Nobody hears of it later: a request is no longer Fastify's by then, so that it would never be answered.
  await api.ready();
  // Bodies stay on their streams, untouched.
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser("*", (_request, _payload, done) => done(null));

  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { raw } = request;
    const url = raw.url ?? "/";
    const slashed = withSlash(prefix, url);
    if (slashed !== null && request.method === "GET") return void reply.redirect(slashed, 308);
    reply.hijack();
    // Headers that hooks of the application have set, as for CORS.
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value);
    Object.assign(raw, { originalUrl: request.originalUrl, url: urlBelow(prefix, url) ?? url });
    await api.serve(raw, reply.raw, prefix);
  };
  const routes = { method: instance.supportedMethods, handler, exposeHeadRoute: false };
  instance.route({ ...routes, url: "/*" });
  if (prefix !== "" && prefix !== "/")
    instance.route({ ...routes, url: "/", prefixTrailingSlash: "no-slash" });
};

/** With what `fastify-plugin` would add: its name, and the versions of Fastify that it is for. It stays encapsulated. */
export const fastifyHookwave: FastifyPluginAsync<FastifyHookwaveOptions> = Object.assign(mount, {
  [Symbol.for("fastify.display-name")]: "hookwave",
  [Symbol.for("plugin-meta")]: { name: "hookwave", fastify: "5.x" },
});
