/** Phases and shares of the migration in words, as the commands and the console say them. */
import type { Phase, Shares } from "./migration.ts";

export const PHASE_MEANINGS: Readonly<Record<Phase, string>> = {
  dual: "every event goes both ways, by webhook and onto the bus",
  primary: "webhooks lead; the bus gets only what is not delivered in time",
  webhook: "webhooks alone; nothing is written to the bus",
  redis: "the bus alone; webhooks are kept until this phase ends",
};

/** `model.registered 10 %, others 100 % by webhook`. */
export function sharesInWords({ "*": rest = 100, ...types }: Shares): string {
  const named = Object.entries(types).map(([type, percent]) => `${type} ${percent} %`);
  return [...named, `${named.length === 0 ? "all" : "others"} ${rest} %`].join(", ").concat(" by webhook");
}
