/** The expectation of a receiver, as `listen` and `verify` are told it: --secret, --profile and its options. */
import {
  OPTION_DEFAULTS,
  PROFILE_NAMES,
  type ProfileName,
  type ProfileOptions,
  SIGNED_CONTENTS,
  unheededOptions,
} from "../core/endpoint.ts";
import { HookwaveError } from "../core/errors.ts";
import { SETTINGS } from "../endpoints/settings.ts";
import type { Expectation, Refusal } from "../receiver/diagnose.ts";
import type { ReceivingProfileName } from "../receiver/profiles.ts";
import { keyBytes, readSecrets } from "../receiver/secrets.ts";
import { VerificationError } from "../receiver/verification-error.ts";
import { type Invocation, usage } from "./command-line.ts";
import { optionsFor } from "./options.ts";
import { choice } from "./values.ts";

/** Throws USAGE. */
export function expectationOf(asked: Invocation, secrets = secretsOf(asked)): Expectation {
  const profile = choice(asked, "profile", PROFILE_NAMES) ?? "standard";
  insistUsable(secrets, profile);
  const signatureHeader = asked.one("signature-header");
  const signedContent = choice(asked, "signed-content", SIGNED_CONTENTS);
  insistHeeded(
    {
      ...OPTION_DEFAULTS,
      ...(signatureHeader && { signatureHeader }),
      ...(signedContent && { signedContent }),
    },
    profile,
  );
  return { profile, secrets, signatureHeader, signedContent };
}

/** Throws USAGE for an option that requests of this profile know nothing of. */
function insistHeeded(options: ProfileOptions, profile: ProfileName): void {
  const [unheeded] = unheededOptions(options, [profile]);
  if (unheeded === undefined) return;
  const { option, heededBy } = unheeded;
  const [spec] = optionsFor({ [option]: SETTINGS[option] });
  const expected = `--${spec?.name ?? option} beside --profile ${heededBy.join(" or ")}`;
  throw usage(expected, `--profile ${profile}`);
}

/** Throws USAGE for secrets that would refuse every request for ever; none of them is shown. */
export function insistUsable(secrets: readonly string[], profile: ReceivingProfileName): void {
  try {
    const usable = readSecrets(secrets, profile === "standard");
    if (profile === "standard" || profile === "ai-core") usable.forEach(keyBytes);
  } catch (cause) {
    if (!(cause instanceof VerificationError)) throw cause;
    const expected = `--secret as a receiver of profile ${profile} has it: whsec_ and base64, a text, or (standard) the public key whpk_`;
    const remedy = "`hookwave endpoints add` shows it once";
    throw new HookwaveError("USAGE", { expected, got: "one that cannot be used", remedy }, { cause });
  }
}

/** Throws USAGE when there is none. */
export function secretsOf(asked: Invocation): readonly string[] {
  const secrets = asked.all("secret");
  if (secrets.length === 0) throw usage("--secret <text>", "none");
  return secrets;
}

/** An absolute http or https URL; undefined when the option is not given. Throws USAGE. */
export function urlOf(asked: Invocation, option: string): URL | undefined {
  const text = asked.one(option);
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw usage(`--${option} with an http or https URL`, `a text of ${text.length} characters`);
}

/** The reason a request is not accepted and what to do, as rows: a word, and what it is about. */
export function refusalRows({ complaint, remedy, advice }: Refusal): readonly (readonly string[])[] {
  return [["check", complaint], ...advice.map((found) => ["found", found]), ["do", remedy]];
}
