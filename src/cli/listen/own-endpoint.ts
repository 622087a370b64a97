/** An endpoint that is there for as long as `hookwave listen --events` runs: the service delivers to the listener. */
import { randomBytes } from "node:crypto";
import { madeWebhook } from "../../api/webhook-fields.ts";
import { HookwaveError } from "../../core/errors.ts";
import { SETTINGS } from "../../endpoints/settings.ts";
import { SEED_BYTES } from "../../wire/ed25519.ts";
import { secretFrom } from "../../wire/standard-webhooks.ts";
import { type Invocation, usage } from "../command-line.ts";
import { settingsOf } from "../endpoint-fields.ts";
import { askApi, withApi } from "../service-access.ts";

export interface OwnEndpoint {
  /** With the secret where it was made here; whoever gave one knows it. */
  readonly shown: { readonly endpointId: string; readonly secret?: string };
  readonly remove: () => Promise<void>;
}

const PATH = "webhooks";

/** The secrets that a listener expects: those given, or one of its own where it makes an endpoint. Throws USAGE. */
export function secretsFor(asked: Invocation): readonly string[] {
  const given = asked.all("secret");
  if (!asked.has("events")) {
    if (given.length === 0)
      throw usage("--secret <text>, or --events <a,b> for an endpoint of its own", "neither");
    return given;
  }
  return given.length === 0 ? [secretFrom(randomBytes(SEED_BYTES), false)] : given;
}

/** Null where `--events` does not ask for one. */
export async function openOwnEndpoint(
  asked: Invocation,
  url: string,
  secrets: readonly string[],
): Promise<OwnEndpoint | null> {
  if (!asked.has("events")) return null;
  const { events, profile, signatureHeader, signedContent } = SETTINGS;
  const settings = settingsOf(asked, { events, profile, signatureHeader, signedContent });
  // As the listener expects it, whatever a service takes for its default.
  const request = {
    url,
    description: "hookwave listen",
    profile: profile.default,
    ...settings,
    secret: secrets,
  };
  const body = JSON.stringify(request);
  const { id } = await askApi(asked, { method: "POST", path: [PATH], body }, madeWebhook, true);
  const [secret = ""] = secrets;
  const shown = { endpointId: id, ...(!asked.has("secret") && { secret }) };
  return { shown, remove: () => removeIfThere(asked, id) };
}

/** Somebody else may have removed it meanwhile. */
async function removeIfThere(asked: Invocation, id: string): Promise<void> {
  try {
    await withApi(asked, (api) => api.askText({ method: "DELETE", path: [PATH, id] }));
  } catch (error) {
    if (!(error instanceof HookwaveError) || error.code !== "ENDPOINT_UNKNOWN") throw error;
  }
}
