/**
 * Management of sources: who may send callbacks here, how they sign, and what becomes of what is not signed so. Each change
 * has its entry in the audit log, which knows of secrets only that there are others.
 */
import { isDeepStrictEqual } from "node:util";
import type { AuditAction } from "../core/audit.ts";
import { asSourceId } from "../core/brand.ts";
import {
  OPTION_DEFAULTS,
  SECRET_MAX_CHARACTERS,
  type SignedContent,
  unheededOptions,
} from "../core/endpoint.ts";
import { type FieldProblem, HookwaveError } from "../core/errors.ts";
import {
  type OnInvalid,
  SOURCE_ID_IN_WORDS,
  SOURCE_ID_PATTERN,
  SOURCE_SECRETS_MAX,
  type Source,
} from "../core/source.ts";
import { type SourceNote, type Sources, sourceUnknown } from "../store/sources.ts";
import { PUBLIC_PREFIX } from "../wire/ed25519.ts";
import { secretProblem } from "../wire/standard-webhooks.ts";
import { auditEntry } from "./audit.ts";

/** A member that is absent has its default, or stays. */
interface SourceChanges {
  readonly profile?: Source["profile"] | undefined;
  /** Newest first; none at all: nothing is verified. */
  readonly secrets?: readonly string[] | undefined;
  readonly onInvalid?: OnInvalid | undefined;
  readonly description?: string | undefined;
  readonly signatureHeader?: string | null | undefined;
  readonly signedContent?: SignedContent | undefined;
}

interface NewSource extends SourceChanges {
  readonly id: string;
  readonly profile: Source["profile"];
}

/** An id that names no source throws SOURCE_UNKNOWN; a request for what cannot be, SOURCE_INVALID with every problem. */
export interface SourceManagement {
  /** Throws SOURCE_CONFLICT where there is one of the same id. */
  readonly create: (asked: NewSource) => Promise<Source>;
  readonly list: () => Promise<readonly Source[]>;
  readonly get: (id: string) => Promise<Source>;
  /** Only what is given. */
  readonly change: (id: string, changes: SourceChanges) => Promise<Source>;
  /** Its callbacks stay until their time is over. */
  readonly remove: (id: string) => Promise<void>;
}

const DESCRIPTION_MAX_CHARACTERS = 500;
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/;

export function createSourceManagement(sources: Sources, now: () => number): SourceManagement {
  return {
    create: async ({ id, profile, ...asked }) => {
      const at = new Date(now()).toISOString();
      const fresh: Source = {
        id: asSourceId(id),
        profile,
        secrets: [],
        onInvalid: "reject",
        description: "",
        signatureHeader: null,
        signedContent: OPTION_DEFAULTS.signedContent,
        createdAt: at,
        updatedAt: at,
      };
      const source = checked({ ...fresh, ...givenOf(asked) });
      await sources.create(source, noteOf("source.created"));
      return source;
    },
    list: sources.list,
    get: async (id) => {
      const found = await sources.find(asSourceId(id));
      if (found === null) throw sourceUnknown(id);
      return found;
    },
    change: (id, changes) =>
      sources.change(
        asSourceId(id),
        (found) => checked({ ...found, ...givenOf(changes), updatedAt: new Date(now()).toISOString() }),
        noteOf("source.changed"),
      ),
    remove: (id) => sources.remove(asSourceId(id), noteOf("source.removed")),
  };
}

const givenOf = (changes: SourceChanges): Partial<Source> =>
  Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));

/** Fields have the names that they have over HTTP, where most are asked for. */
function checked(source: Source): Source {
  const problems = [
    ...unless(SOURCE_ID_PATTERN.test(source.id), "id", `expected ${SOURCE_ID_IN_WORDS}, got another text`),
    ...unless(
      source.description.length <= DESCRIPTION_MAX_CHARACTERS,
      "description",
      `expected at most ${DESCRIPTION_MAX_CHARACTERS} characters, got more`,
    ),
    ...unless(
      source.signatureHeader === null || HEADER_NAME.test(source.signatureHeader),
      "signature_header",
      "expected the name of a header, got another text",
    ),
    ...secretProblems(source),
    ...unheeded(source),
  ];
  if (problems.length === 0) return source;
  const complaint = {
    expected: "a source that can be used",
    got: problems.map(({ field, problem }) => `${field}: ${problem}`).join("; "),
    remedy: "correct these and try again",
  };
  throw new HookwaveError("SOURCE_INVALID", complaint, { problems });
}

function secretProblems({ secrets, profile }: Source): readonly FieldProblem[] {
  const problems = secrets.flatMap((secret) => {
    if (secret.length > SECRET_MAX_CHARACTERS)
      return [`expected at most ${SECRET_MAX_CHARACTERS} characters, got more`];
    if (/^whsk_/.test(secret))
      return ["expected a secret or a public key, got a private key, which is the sender's"];
    // A receiver verifies Ed25519 with the public key, which a sender could do nothing with.
    if (profile === "standard" && secret.startsWith(PUBLIC_PREFIX)) return publicKeyProblem(secret);
    return secretProblem(secret, profile) ?? [];
  });
  const tooMany = `expected at most ${SOURCE_SECRETS_MAX}, got ${secrets.length}`;
  return [
    ...[...new Set(problems)].map((problem) => ({ field: "secret", problem })),
    ...unless(secrets.length <= SOURCE_SECRETS_MAX, "secret", tooMany),
  ];
}

const PUBLIC_KEY_BYTES = 32;

function publicKeyProblem(key: string): readonly string[] {
  const base64 = key.slice(PUBLIC_PREFIX.length);
  const bytes = Buffer.from(base64, "base64");
  return bytes.length === PUBLIC_KEY_BYTES && bytes.toString("base64") === base64
    ? []
    : [`expected ${PUBLIC_KEY_BYTES} bytes in padded base64 after ${PUBLIC_PREFIX}, got something else`];
}

function unheeded({ profile, signatureHeader, signedContent }: Source): readonly FieldProblem[] {
  const options = { ...OPTION_DEFAULTS, signatureHeader, signedContent };
  return unheededOptions(options, [profile]).map(({ option, heededBy }) => ({
    field: option === "signatureHeader" ? "signature_header" : "signed_content",
    problem: `expected profile ${heededBy.join(" or ")}, which heeds it, got ${profile}`,
  }));
}

const unless = (holds: boolean, field: string, problem: string): readonly FieldProblem[] =>
  holds ? [] : [{ field, problem }];

const AUDITED = ["profile", "onInvalid", "description", "signatureHeader", "signedContent"] as const;

const noteOf =
  (action: AuditAction): SourceNote =>
  (before, after) => {
    const names = AUDITED.filter((name) => before?.[name] !== after?.[name]);
    const hasOthers = !isDeepStrictEqual(before?.secrets, after?.secrets);
    if (names.length === 0 && !hasOthers) return null;
    const shown = (source: Source | null) =>
      source && {
        ...Object.fromEntries(names.map((name) => [name, source[name]])),
        ...(hasOthers && { secrets: secretsInWords(source, before !== null && source === after) }),
      };
    return auditEntry(action, (after ?? before)?.id ?? null, { before: shown(before), after: shown(after) });
  };

function secretsInWords({ secrets }: Source, isChanged: boolean): string | null {
  if (secrets.length === 0) return null;
  return isChanged ? "changed" : "hidden";
}
