/**
 * Tells requests of KlipStream's clients from those of our own, which ask at the same paths: who knows this API says so
 * in a header; those clients cannot be changed, so that whoever does not say it is one of them.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { Api } from "../routing.ts";

const OWN_HEADER = "hookwave-api";

/** A constraint of a route: it is for those clients only, and stands before a route of ours at the same path. */
export const FOR_KLIPSTREAM = { constraints: { dialect: "klipstream" } } as const;

/** A browser says of our pages that they ask their own service; those clients are programs. */
const isOfHookwave = (headers: IncomingHttpHeaders): boolean =>
  headers[OWN_HEADER] !== undefined || headers["sec-fetch-site"] === "same-origin";

/** Before any route. Without it no route may have the constraint, and each path has one answer. */
export function tellDialects(app: Api): void {
  app.addConstraintStrategy({
    name: "dialect",
    storage: () => {
      const found = new Map();
      return { get: (name) => found.get(name) ?? null, set: (name, route) => void found.set(name, route) };
    },
    deriveConstraint: ({ headers }) => (isOfHookwave(headers) ? "hookwave" : "klipstream"),
    validate: () => undefined,
    mustMatchWhenDerived: false,
  });
}
