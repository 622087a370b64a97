/** A finding about the way out: a proxy that is set, and does it answer; or one that is set for others and not for us. */
import type { Config } from "../../config/environment.ts";
import { UNHEEDED_REMEDY, unheededInWords } from "../../config/unheeded-proxies.ts";
import type { HookwaveError } from "../../core/errors.ts";
import { broken, type Finding, ok, warning } from "./finding.ts";

/** `trouble`: the reason why the proxy is of no use; null where it answers, or there is none. */
export function proxyFinding(
  { outboundProxy, unheededProxies }: Pick<Config, "outboundProxy" | "unheededProxies">,
  trouble: HookwaveError | null,
): Finding {
  if (trouble !== null) return broken("proxy", `OUTBOUND_PROXY is of no use: ${trouble.got}`, trouble.remedy);
  if (outboundProxy !== null) return ok("proxy", "OUTBOUND_PROXY answers: receivers are called through it");
  const unheeded = unheededInWords(unheededProxies);
  return unheeded === null
    ? ok("proxy", "receivers are called directly")
    : warning("proxy", unheeded, UNHEEDED_REMEDY);
}
