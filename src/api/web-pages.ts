/**
 * Web pages: a browser sends what any page tells it to, with whatever this machine may reach. A page of another origin
 * reads no answer, but an order is carried out before that, so orders of such pages are refused, key or no key. No
 * program but a browser is concerned: others send neither `Origin` nor `Sec-Fetch-Site`.
 */
import type { FastifyRequest } from "fastify";
import { Refusal } from "./problem.ts";

/** Methods that change nothing (RFC 9110, 9.2.1). */
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);
/** `none` is a person, by typing or a bookmark; a page on another port of the same machine is `same-site`. */
const OWN_SITES: ReadonlySet<string> = new Set(["same-origin", "none"]);
const SHOWN_MAX_CHARS = 100;

/** `publicUrl` is where people find the API when a proxy asks for it under another name. Throws a Refusal. */
export function refuseForeignPages(request: FastifyRequest, publicUrl: string | null): void {
  if (SAFE.has(request.method)) return;
  const { origin, "sec-fetch-site": site } = request.headers;
  if (origin !== undefined && !isOwn(origin, request, publicUrl)) throw foreign(`one of ${shown(origin)}`);
  if (isOfOtherPage(request)) throw foreign(`a page that is ${shown(String(site))}`);
}

/** An order that is given by a cookie must be known to come from a page of ours: a person or a program sends a key. */
export function insistOnOwnPage({ method, headers }: FastifyRequest): void {
  if (SAFE.has(method)) return;
  const { origin, "sec-fetch-site": site } = headers;
  // An origin that has come is ours, or it would have been refused before.
  if (site === undefined ? origin !== undefined : site === "same-origin") return;
  throw new Refusal("FORBIDDEN", {
    expected: "Sec-Fetch-Site: same-origin, or an Origin of our own, with an order that comes with a cookie",
    got: site === undefined ? "neither" : shown(String(site)),
    remedy: "give it from the console; programs send Authorization: Bearer and a key, and no cookie",
  });
}

/** Does a browser say that a page of another origin had it ask? */
export function isOfOtherPage({ headers }: FastifyRequest): boolean {
  const { "sec-fetch-site": site } = headers;
  return site !== undefined && !OWN_SITES.has(String(site));
}

/** The origin that this request was made to (RFC 6454, 6.2), or the one under which people know it. */
function isOwn(origin: string, { headers }: FastifyRequest, publicUrl: string | null): boolean {
  // No page of another origin can add a header like this one without asking first, which nothing here allows.
  const scheme = /^https\b/.test(String(headers["x-forwarded-proto"])) ? "https" : "http";
  const asked = URL.parse(`${scheme}://${headers.host ?? ""}`);
  return [asked, publicUrl === null ? null : URL.parse(publicUrl)].some((own) => own?.origin === origin);
}

const shown = (text: string): string => JSON.stringify(text.slice(0, SHOWN_MAX_CHARS));

function foreign(got: string): Refusal {
  return new Refusal("FORBIDDEN", {
    expected: "an order of this API's own pages, or of a program that is no browser",
    got,
    remedy:
      "behind a proxy, let it keep Host and set X-Forwarded-Proto, or set HOOKWAVE_URL to the public URL",
  });
}
