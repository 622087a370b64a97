/**
 * Security headers of every answer. What a browser is to do with https belongs to https alone: told over http to use nothing
 * else, it would find nothing of the page of docs, and refuse the host from then on.
 */
import helmet from "@fastify/helmet";
import type { Api } from "./routing.ts";

const HSTS = "max-age=31536000; includeSubDomains";

/** The page of docs: its own files, the colours that it sets by itself, and pictures inside them. */
export const DOCS_POLICY = {
  "default-src": ["'self'"],
  "base-uri": ["'self'"],
  "img-src": ["'self'", "data:"],
  "object-src": ["'none'"],
  "script-src": ["'self'"],
  "style-src": ["'self'", "'unsafe-inline'"],
  "form-action": ["'self'"],
  "frame-ancestors": ["'none'"],
};

/** The page for operators: all that it is made of is its own files, and no text becomes markup or a script. */
export const CONSOLE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

export function addSecurityHeaders(app: Api): void {
  const directives = { defaultSrc: ["'none'"], frameAncestors: ["'none'"] };
  app.register(helmet, { contentSecurityPolicy: { useDefaults: false, directives }, hsts: false });
  app.addHook("onSend", async ({ protocol }, reply) => {
    if (protocol === "https") reply.header("strict-transport-security", HSTS);
  });
}
