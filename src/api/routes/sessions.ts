/**
 * The console's sessions: whoever shows a key here gets a cookie that stands for it. The page's own, so they are not in
 * the OpenAPI document: a program sends its key with each request.
 */
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Caller } from "../../core/access.ts";
import { isLoopbackName } from "../../core/loopback.ts";
import { VERSION } from "../../wire/version.ts";
import { keysUnknown } from "../access.ts";
import { hidesPayloads } from "../payloads.ts";
import type { AccessControl, ApiDeps } from "../ports.ts";
import { Refusal } from "../problem.ts";
import type { Api } from "../routing.ts";
import { CLEAR_COOKIE, setCookie } from "../session-cookie.ts";

const PATH = "/console/session";
const KEY_MAX_CHARS = 300;

const signIn = z.strictObject({ key: z.string().min(1).max(KEY_MAX_CHARS) });

const SIGN_IN = {
  config: { access: "anyone", signsIn: true },
  schema: { hide: true, body: signIn },
} as const;
const SHOW = { config: { access: "anyone", showsCaller: true }, schema: { hide: true } } as const;
const SIGN_OUT = { config: { access: "anyone" }, schema: { hide: true } } as const;

type SessionDeps = Pick<ApiDeps, "hookwave" | "settings">;

export function addSessionRoutes(
  app: Api,
  { hookwave, settings }: SessionDeps,
  control: AccessControl,
): void {
  const { keys, sessions } = hookwave;
  const show = (request: FastifyRequest, caller: Caller | null) => ({
    needs_key: isKeyNeeded(request, control),
    by: caller && { name: caller.name, key_id: caller.keyId, roles: caller.roles },
    hide_payloads: hidesPayloads(settings, caller),
    version: VERSION,
  });

  app.post(PATH, SIGN_IN, async (request, reply) => {
    const { protocol, hostname, headers, body, sessionId } = request;
    // A browser says of itself how it came here, also past a proxy that is not trusted.
    const isSecret = protocol === "https" || headers.origin?.startsWith("https://") === true;
    if (!isSecret && !isLoopbackName(hostname.toLowerCase())) throw inTheClear();
    const begun = await sessions.begin(body.key);
    if (begun === null) throw keys.areKnown() ? wrongKey() : keysUnknown();
    if (sessionId !== null) await sessions.end(sessionId);
    reply.header("set-cookie", setCookie(begun.id)).header("cache-control", "no-store");
    return { signed_in: true, ...show(request, begun.caller) };
  });

  app.get(PATH, SHOW, async (request, reply) => {
    reply.header("cache-control", "no-store");
    return show(request, request.caller);
  });

  app.delete(PATH, SIGN_OUT, async ({ sessionId }, reply) => {
    if (sessionId !== null) await sessions.end(sessionId);
    return reply.code(204).header("set-cookie", CLEAR_COOKIE).send();
  });
}

/** Throws while nobody can say. */
function isKeyNeeded(request: FastifyRequest, { keys, mayBeFromElsewhere }: AccessControl): boolean {
  const exist = mayBeFromElsewhere(request) || keys.exist();
  if (exist === null) throw keysUnknown();
  return exist;
}

function wrongKey(): Refusal {
  return new Refusal("UNAUTHENTICATED", {
    expected: "a valid API key",
    got: "one that is not valid",
    remedy: "correct it; `hookwave keys create` makes one",
  });
}

/** Browsers do not keep a secure cookie that comes this way, except from this very machine. */
function inTheClear(): Refusal {
  return new Refusal("FORBIDDEN", {
    expected: "https, or http on localhost",
    got: "http to another name, over which a browser keeps no secure cookie",
    remedy:
      "put TLS in front (and the proxy into API_TRUSTED_PROXIES, with X-Forwarded-Proto), or open http://localhost on the machine itself, by an SSH tunnel for example",
  });
}
