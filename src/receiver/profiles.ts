/** The closed registry of the families that can be verified. */
import { aiCore } from "./profiles/ai-core.ts";
import { github } from "./profiles/github.ts";
import { hmac } from "./profiles/hmac.ts";
import { hokusai } from "./profiles/hokusai.ts";
import { klipstream } from "./profiles/klipstream.ts";
import { llmService } from "./profiles/llm-service.ts";
import { standard } from "./profiles/standard.ts";
import { stripe } from "./profiles/stripe.ts";
import type { ReceivingProfile } from "./receiving-profile.ts";
import { misconfigured } from "./secrets.ts";

const profiles = {
  standard,
  hokusai,
  klipstream,
  "ai-core": aiCore,
  "llm-service": llmService,
  github,
  stripe,
  hmac,
} as const satisfies Readonly<Record<string, ReceivingProfile>>;

export type ReceivingProfileName = keyof typeof profiles;

const isName = (name: string): name is ReceivingProfileName => Object.hasOwn(profiles, name);

/** As a function, since a list would be left in every bundle that never looks at it. */
export const receivingProfileNames = (): readonly ReceivingProfileName[] =>
  Object.keys(profiles).filter(isName);

/** Throws MISCONFIGURED for a name that no profile has. */
export function profileNamed(name: ReceivingProfileName): ReceivingProfile {
  if (isName(name)) return profiles[name];
  throw misconfigured("the name of a profile");
}
