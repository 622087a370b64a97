/**
 * Access: who is asking, and may they? A key comes as `Authorization: Bearer hw_live_…`, or has been shown by who sends a
 * session's cookie. Without any key in the whole installation the API serves everyone who reaches it, which is why it
 * then listens on loopback only; and there it answers to loopback's names only, or a web page could have a browser ask
 * for it (DNS rebinding).
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { type Caller, isAllowed } from "../core/access.ts";
import { isLoopbackName } from "../core/loopback.ts";
import { hidesPayloads } from "./payloads.ts";
import type { AccessControl } from "./ports.ts";
import { Refusal } from "./problem.ts";
import { type Api, isKeyless } from "./routing.ts";
import { sessionIdIn } from "./session-cookie.ts";
import { insistOnOwnPage, isOfOtherPage, refuseForeignPages } from "./web-pages.ts";

const BEARER = /^Bearer ([!-~]{1,300})$/i;
/** On loopback without keys, whoever is there may do everything. */
const LOCAL: Caller = { keyId: "loopback", name: "loopback", roles: ["admin"] };

/** Identifies first, for the rate limits to know whom they count; `addAuthorisation` then lets in or refuses. */
export function addIdentification(app: Api, control: AccessControl): void {
  app.decorateRequest("caller", null);
  app.decorateRequest("sessionId", null);
  app.decorateRequest("hidesPayloads", true);
  app.addHook("onRequest", async (request) => {
    // A header says more than a cookie does, right or wrong.
    const heedsCookie = control.sessions !== null && request.headers.authorization === undefined;
    request.sessionId = heedsCookie ? sessionIdIn(request) : null;
    if (request.routeOptions.config.signsIn) return;
    request.caller = identify(request, control) ?? (await byNewKey(request, control));
    if (request.caller === null && isSessionAsked(request))
      request.caller = await bySession(request, control);
    request.hidesPayloads = hidesPayloads(control, request.caller);
  });
}

/** Anyone's routes, such as probes and pages, must not wait for Redis because of a cookie. */
function isSessionAsked({ is404, routeOptions: { config } }: FastifyRequest): boolean {
  const needsCaller = config.access === undefined || !isKeyless(config.access);
  return !is404 && (needsCaller || config.showsCaller === true);
}

/** Pages of others may have a browser send the cookie (on the same site): it says nothing then. */
async function bySession(request: FastifyRequest, { sessions }: AccessControl): Promise<Caller | null> {
  const { sessionId } = request;
  if (sessions === null || sessionId === null || isOfOtherPage(request)) return null;
  return await sessions.use(sessionId);
}

export function addAuthorisation(app: Api, control: AccessControl): void {
  // After the limits' hooks, before anything of the body is read.
  app.addHook("preParsing", async (request, _reply: FastifyReply) => authorise(request, control));
}

/** The right to an answer that goes on may be lost while it does. */
export type StillAllowed = (request: FastifyRequest) => Promise<boolean>;

export const stillAllowed =
  (control: AccessControl): StillAllowed =>
  async (request) => {
    const { access } = request.routeOptions.config;
    if (access === undefined || isKeyless(access)) return access !== undefined;
    const caller = identify(request, control) ?? (await bySession(request, control));
    return caller !== null && isAllowed(caller, access);
  };

const tokenIn = ({ headers }: FastifyRequest): string | undefined =>
  BEARER.exec(headers.authorization ?? "")?.[1];

async function byNewKey(request: FastifyRequest, { keys }: AccessControl): Promise<Caller | null> {
  const token = tokenIn(request);
  return token === undefined ? null : await keys.checkAnew(token);
}

function identify(request: FastifyRequest, { keys, mayBeFromElsewhere }: AccessControl): Caller | null {
  const { headers } = request;
  const token = tokenIn(request);
  if (token !== undefined) return keys.check(token);
  const isOpen = keys.exist() === false && !mayBeFromElsewhere(request);
  return isOpen && headers.authorization === undefined ? LOCAL : null;
}

function authorise(request: FastifyRequest, control: AccessControl): void {
  const { access } = request.routeOptions.config;
  // A sender proves itself by its signature, to which neither a key nor a page's origin adds anything.
  if (request.is404 || access === "sender") return;
  refuseForeignPages(request, control.publicUrl);
  if (request.sessionId !== null) insistOnOwnPage(request);
  if (access === "anyone") return;
  if (access === undefined) throw new Error(`${request.routeOptions.url} does not say who may call it`);
  const { caller } = request;
  const isLook = caller === null && isLookBeforeReady(request, control);
  if ((caller === LOCAL || isLook) && !isLoopbackName(nameIn(request.headers.host))) throw strangeHost();
  if (isLook) return;
  if (caller === null) throw refuseStranger(request, control);
  if (!isAllowed(caller, access)) throw forbidden(access, caller);
}

/** A Host header's name without its port. */
const nameIn = (host = ""): string => host.replace(/:\d+$/, "").toLowerCase();

/** On loopback, an operator may see metrics and health also while Redis has not said yet which keys there are. */
function isLookBeforeReady(request: FastifyRequest, control: AccessControl): boolean {
  const isOutsideApi = request.routeOptions.url?.startsWith("/api/") === false;
  return isOutsideApi && control.keys.exist() === null && !control.mayBeFromElsewhere(request);
}

/** While nobody can know which keys exist, the answer is not "wrong key". */
function refuseStranger({ headers, sessionId }: FastifyRequest, { keys }: AccessControl): Refusal {
  if (!keys.areKnown()) return keysUnknown();
  if (sessionId !== null) {
    return new Refusal("UNAUTHENTICATED", {
      expected: "a session that has not ended, used from its own page",
      got: "another one",
      remedy: "sign in again",
    });
  }
  return new Refusal("UNAUTHENTICATED", {
    expected: "Authorization: Bearer and a valid API key",
    got: headers.authorization === undefined ? "no Authorization" : "one that is not valid",
    remedy: "send a key; `hookwave keys create` makes one",
  });
}

export function keysUnknown(): Refusal {
  return new Refusal("REDIS_UNAVAILABLE", {
    expected: "Redis to say which API keys there are",
    got: "no answer from it yet",
    remedy: "try again in a moment",
  });
}

function forbidden(access: string, { roles }: Caller): Refusal {
  return new Refusal("FORBIDDEN", {
    expected: `a key with the role ${access}`,
    got: `one with ${roles.join(", ")}`,
    remedy: "use another key, or make one that has the role",
  });
}

function strangeHost(): Refusal {
  return new Refusal("FORBIDDEN", {
    expected: "a request to localhost, while there are no API keys",
    got: "another Host",
    remedy: "make an API key and send it, or ask for http://localhost",
  });
}
