/** The closed registry of wire profiles: a name the domain knows has exactly one profile here. */
import type { ProfileName } from "../core/endpoint.ts";
import type { WireProfile } from "./profile.ts";
import { aiCore } from "./profiles/ai-core.ts";
import { github } from "./profiles/github.ts";
import { hmac } from "./profiles/hmac.ts";
import { hokusai } from "./profiles/hokusai.ts";
import { klipstream } from "./profiles/klipstream.ts";
import { llmService } from "./profiles/llm-service.ts";
import { standard } from "./profiles/standard.ts";
import { stripe } from "./profiles/stripe.ts";

export const profiles: Readonly<Record<ProfileName, WireProfile>> = {
  standard,
  hokusai,
  klipstream,
  "ai-core": aiCore,
  "llm-service": llmService,
  github,
  stripe,
  hmac,
};
