/**
 * Variables by which other programs find a proxy. They are not obeyed: whoever asks a proxy for a name lets it look the name
 * up, past the address guard. That they are set and nothing comes of it is said, by name only: values may hold a password.
 */
import type { Environment } from "./settings.ts";

const VARIABLES = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

export const UNHEEDED_REMEDY =
  "set OUTBOUND_PROXY to call receivers through that proxy, or unset what they need not";

/** Those that are set. */
export function unheededProxies(env: Environment): readonly string[] {
  return VARIABLES.filter((variable) => env[variable]?.trim());
}

/** Null where there are none. */
export function unheededInWords(variables: readonly string[]): string | null {
  if (variables.length === 0) return null;
  const are = variables.length === 1 ? "is" : "are";
  return `${variables.join(", ")} ${are} not obeyed: receivers are called directly, without a proxy`;
}
