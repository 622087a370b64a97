/**
 * Payloads: event data and texts of receivers. An installation may keep them from whoever is no admin; the rule is the
 * API's, whether a person at the console asks or a program, or it would protect nothing.
 */
import { type Caller, isAllowed } from "../core/access.ts";
import type { ApiSettings } from "./ports.ts";

export function hidesPayloads(
  { consoleHidePayloads }: Pick<ApiSettings, "consoleHidePayloads">,
  caller: Caller | null,
): boolean {
  return consoleHidePayloads && (caller === null || !isAllowed(caller, "admin"));
}
