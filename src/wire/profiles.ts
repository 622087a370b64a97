/** The closed registry of wire profiles: a name the domain knows has exactly one profile here. */
import type { ProfileName } from "../core/endpoint.ts";
import type { WireProfile } from "./profile.ts";
import { hokusai } from "./profiles/hokusai.ts";
import { standard } from "./profiles/standard.ts";

export const profiles: Readonly<Record<ProfileName, WireProfile>> = { standard, hokusai };
