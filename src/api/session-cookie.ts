/**
 * The cookie of the console's session. No script reads it, no other site's page has it sent, and it is never sent in the
 * clear (RFC 6265bis: `__Host-`); it ends with the browser, and before that when Redis has forgotten the session.
 */
import type { FastifyRequest } from "fastify";

const NAME = "__Host-hookwave";
/** Nothing in an id needs to be quoted or encoded. */
const IN_HEADER = new RegExp(`(?:^|;) *${NAME}=([\\w-]{43}) *(?:;|$)`);
const ATTRIBUTES = "Path=/; HttpOnly; Secure; SameSite=Strict";

/** A session's id; null where none has come. */
export const sessionIdIn = ({ headers: { cookie } }: Pick<FastifyRequest, "headers">): string | null =>
  (cookie !== undefined && IN_HEADER.exec(cookie)?.[1]) || null;

export const setCookie = (id: string): string => `${NAME}=${id}; ${ATTRIBUTES}`;

export const CLEAR_COOKIE = `${NAME}=; Max-Age=0; ${ATTRIBUTES}`;
