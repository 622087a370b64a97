/**
 * Error replies of Redis and Valkey, by their first word: what each means and what a person does about it. One table,
 * so that no part of the service shows a bare reply. Replies that say a command itself is wrong (ERR, WRONGTYPE) are
 * ours to correct, and not in it; nor is NOSCRIPT, after which a script's text is sent (store/script.ts).
 */
import { type ErrorSummary, HookwaveError } from "./errors.ts";

interface Meaning {
  /** The state of Redis, as it would be said after "Redis". */
  readonly state: string;
  readonly remedy: string;
  /** The server is not, or is not any more, the one that takes writes: whoever connects anew may find that one. */
  readonly isDemoted?: true;
  /** The node is not, or is not any more, the one of its Cluster that has our slot. */
  readonly isElsewhere?: true;
}

const ROLE = "name the master in REDIS_URL; after a failover a connection is made anew by itself";
const CLUSTER = "see `redis-cli cluster info`: every slot wants a master that is there";
const MOVING = {
  state: "is a Cluster that is moving our keys",
  remedy: "wait until its slots have been moved",
};
const PERMISSIONS =
  "give the user of REDIS_URL the permissions that docs/deployment.md lists (`redis-cli acl setuser`)";
const CREDENTIALS = "correct the user and password in REDIS_URL";
const OURS = "report this as a fault of Hookwave, with the version of Redis";

export const REDIS_REPLIES = {
  READONLY: { state: "is a replica, which takes no writes", remedy: ROLE, isDemoted: true },
  MASTERDOWN: { state: "is a replica that has lost its master", remedy: ROLE, isDemoted: true },
  UNBLOCKED: { state: "has become a replica meanwhile", remedy: ROLE, isDemoted: true },
  MISCONF: {
    state: "cannot write to its disk",
    remedy: "make room on its disk, see its log, then redis-cli bgsave",
  },
  OOM: {
    state: "has no memory left",
    remedy: "raise maxmemory, or purge dead letters that nobody wants (hookwave dead-letters purge)",
  },
  NOREPLICAS: {
    state: "has fewer replicas than min-replicas-to-write",
    remedy: "bring its replicas back, or lower min-replicas-to-write",
  },
  LOADING: { state: "still reads its files", remedy: "wait; the service waits for it, too" },
  BUSY: {
    state: "runs a script that does not end",
    remedy: "redis-cli script kill (or function kill), and look for whose script it was",
  },
  UNKILLABLE: {
    state: "runs a script that has written and cannot be ended",
    remedy: "wait for it; else redis-cli shutdown nosave, which loses what the script has written",
  },
  NOTBUSY: { state: "runs no script that could be ended", remedy: "go on: nothing is in the way" },
  INPROG: { state: "is in the middle of a failover", remedy: "wait for its end" },
  NOAUTH: {
    state: "asks for a password",
    remedy: "put it into REDIS_URL (redis://:password@host:port), percent-encoded",
  },
  WRONGPASS: { state: "does not know this user and password", remedy: CREDENTIALS },
  NOPERM: { state: "does not let its user do this", remedy: PERMISSIONS },
  DENIED: {
    state: "is in protected mode and talks to its own machine only",
    remedy: "give it a password or users (requirepass, ACL), and put them into REDIS_URL",
  },
  CLUSTERDOWN: { state: "is a Cluster with a part missing", remedy: CLUSTER, isElsewhere: true },
  MOVED: {
    state: "is a node of a Cluster that does not have our keys",
    remedy:
      "write REDIS_URL as redis+cluster://host:port,host:port (docs/deployment.md), and the node that has them is found by itself",
    isElsewhere: true,
  },
  ASK: MOVING,
  TRYAGAIN: MOVING,
  CROSSSLOT: {
    state: "is a Cluster, and keys that belong together have come apart",
    remedy: "keep the braces in HOOKWAVE_PREFIX",
  },
  REDIRECT: { state: "is a replica, or hands over to another", remedy: ROLE, isDemoted: true },
  NOMASTERLINK: { state: "is a replica that has lost its master", remedy: ROLE, isDemoted: true },
  NOGOODSLAVE: {
    state: "has no replica that could take over",
    remedy: "see `redis-cli sentinel replicas <name>`",
  },
  IOERR: { state: "could not reach another Redis", remedy: "see its log" },
  EXECABORT: { state: "did nothing of a transaction, one part of which it refused", remedy: "see its log" },
  NOPROTO: { state: "does not speak this protocol", remedy: "upgrade it: Redis 6.2 or newer, or Valkey" },
  BUSYKEY: { state: "has another key of this name already", remedy: OURS },
  BUSYGROUP: { state: "has another group of this name already", remedy: OURS },
  NOGROUP: { state: "has no group of this name", remedy: OURS },
  NOQUORUM: { state: "has too few Sentinels that agree", remedy: "bring its Sentinels back" },
} as const satisfies Readonly<Record<string, Meaning>>;

type RedisWord = keyof typeof REDIS_REPLIES;

/** Redis as one finds it who wants to publish; `says`: the first word of its reply. */
export type RedisState =
  | { readonly kind: "writable" }
  | { readonly kind: "refusing"; readonly says: string; readonly remedy: string }
  | { readonly kind: "unreachable" };

/** `ERR` replies that are about the server's state or its user all the same. */
const SPELT_OUT: readonly (readonly [RegExp, Meaning])[] = [
  [
    /^ERR max number of clients/i,
    { state: "has no connection left", remedy: "raise maxclients, or look for who holds so many" },
  ],
  [
    /^ERR DB index is out of range/i,
    {
      state: "has no such database",
      remedy: "correct the number at the end of REDIS_URL, or raise databases",
    },
  ],
  [
    /^ERR SELECT is not allowed in cluster mode/i,
    { state: "is a Cluster, which has database 0 only", remedy: "leave the database out of REDIS_URL" },
  ],
  [
    /^ERR (?:AUTH <password> called without any password|Client sent AUTH, but no password)/i,
    { state: "has no password", remedy: "take the password out of REDIS_URL, or set requirepass" },
  ],
  // Of a script that comes to a key which it has not named, and which has gone already.
  [/^ERR [^\n]*attempted to access a non local key/i, MOVING],
  [
    /^ERR unknown command/i,
    {
      state: "does not know a command",
      remedy: "use Redis 6.2 or newer, or Valkey, with no command renamed or switched off",
    },
  ],
];

/** A reply that scripts pass on, before Redis 7: `ERR Error running script (…): @user_script: 1: -READONLY You can't …`. */
const REPLY = /^(?:ERR [^\n]*?: -)?([A-Z]{3,})\b/;
const SHOWN_MAX_CHARS = 200;

/** The word of a reply that is in the table; null for every other error, and every other thing. */
export function redisWord(error: unknown): RedisWord | null {
  if (!(error instanceof Error)) return null;
  const text = error instanceof HookwaveError ? error.got : error.message;
  const word = REPLY.exec(text)?.[1] ?? "";
  return isRedisWord(word) ? word : null;
}

const isRedisWord = (word: string): word is RedisWord => Object.hasOwn(REDIS_REPLIES, word);

/** Only the server that takes writes is of use: one that has said this is to be left. */
export const isDemoted = (error: unknown): boolean => wordMeaning(error)?.isDemoted === true;

/** Besides, of a member of a Cluster: another one has our keys now. */
export const isElsewhere = (error: unknown): boolean =>
  isDemoted(error) || wordMeaning(error)?.isElsewhere === true;

function wordMeaning(error: unknown): Meaning | null {
  const word = redisWord(error);
  return word === null ? null : REDIS_REPLIES[word];
}

/** The reply as an error of ours, REDIS_UNAVAILABLE; null where it is none that is known. */
export function refusalByRedis(error: unknown): HookwaveError | null {
  if (!(error instanceof Error) || error instanceof HookwaveError) return null;
  const meaning = meaningOf(error);
  if (meaning === null) return null;
  const got = error.message.split("\n", 1)[0]?.slice(0, SHOWN_MAX_CHARS) ?? "";
  const expected = `Redis to do what it was asked, but it ${meaning.state}`;
  return new HookwaveError("REDIS_UNAVAILABLE", { expected, got, remedy: meaning.remedy }, { cause: error });
}

function meaningOf(error: Error): Meaning | null {
  const word = redisWord(error);
  if (word !== null) return REDIS_REPLIES[word];
  return SPELT_OUT.find(([pattern]) => pattern.test(error.message))?.[1] ?? null;
}

/** Errors of ioredis when no answer came. */
const UNANSWERED =
  /^(?:Command timed out|Connection is closed|Stream isn't writeable|Reached the max retries|Socket timeout)/;
/** Codes of connections that cannot be made, or end. */
const UNREACHED = new Set([
  ...["ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "EPIPE", "ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN"],
  ...["EHOSTUNREACH", "EHOSTDOWN", "ENETUNREACH", "ENETDOWN"],
]);

/** Did no answer come? */
export const isUnanswered = ({ message }: Pick<ErrorSummary, "message">): boolean => UNANSWERED.test(message);

/** Does it say that Redis cannot be used at present, by anyone? A permission that is missing is missed by one command only. */
export function isRedisAway(error: ErrorSummary): boolean {
  if (error.code === "REDIS_UNAVAILABLE") return !error.message.includes(", got NOPERM ");
  return isUnanswered(error) || UNREACHED.has(error.code ?? "");
}
