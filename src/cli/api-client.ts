/**
 * The commands' side of the API: one request, and its answer as the API's own schemas describe it. A refusal becomes an
 * error with the same code and words; silence, and answers of something that is no Hookwave, become API_UNAVAILABLE.
 */
import { problemSchema } from "../api/problem.ts";
import { type Complaint, ERROR_CODES, type ErrorCode, HookwaveError, summarise } from "../core/errors.ts";
import { Refused } from "./refused.ts";

export interface ApiAddress {
  /** Without a slash at its end. */
  readonly url: string;
  /** Null to send none. */
  readonly key: string | null;
}

export interface ApiRequest {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Its parts below /api/v1, or below `root`, as they are before they are encoded. */
  readonly path: readonly string[];
  /** For people and probes, some answers are elsewhere. */
  readonly root?: "api/v1" | "health";
  /** An undefined value is left out; several are several of one name. */
  readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined>>;
  /** JSON text. */
  readonly body?: string;
}

/** The shape an answer must have; zod's schemas fit. */
export interface Shape<Answer> {
  readonly safeParse: (
    value: unknown,
  ) => { readonly success: true; readonly data: Answer } | { readonly success: false };
}

/** Each rejects with a HookwaveError or a Refused. */
export interface ApiClient {
  readonly ask: <Answer>(request: ApiRequest, shape: Shape<Answer>) => Promise<Answer>;
  /** For an answer whose bytes matter, or that has none. */
  readonly askText: (request: ApiRequest) => Promise<string>;
  /** An answer that goes on until `signal`, piece by piece; it may also end, or break, by itself. */
  readonly askStream: (request: ApiRequest, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;
  /** The text that `askText` resolved with, as `ask` would have had it. */
  readonly read: <Answer>(text: string, shape: Shape<Answer>) => Answer;
}

/** Nothing takes as long as a purge, which removes some 10,000 dead letters a second. */
const TIMEOUT_MS = 60_000;

export function createApiClient(address: ApiAddress): ApiClient {
  const askText = (request: ApiRequest): Promise<string> => exchange(address, request);
  const read = <Answer>(text: string, shape: Shape<Answer>): Answer => {
    const answer = shaped(text, shape);
    if (answer !== null) return answer;
    throw unavailable(address, "one of something else, or of another version of it");
  };
  const askStream: ApiClient["askStream"] = async (request, signal) => {
    const response = await send(address, request, signal).catch((cause: unknown) => {
      throw unavailable(address, reasonOf(cause), cause);
    });
    if (!response.ok) throw refusedBy(address, response.status, await response.text());
    return response.body ?? new ReadableStream();
  };
  return { askText, askStream, read, ask: async (request, shape) => read(await askText(request), shape) };
}

/** JSON text as this shape; null where it is none. */
function shaped<Answer>(text: string, shape: Shape<Answer>): Answer | null {
  const parsed = shape.safeParse(parse(text));
  return parsed.success ? parsed.data : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Fits no shape: a proxy's page, for example.
    return undefined;
  }
}

async function exchange(address: ApiAddress, request: ApiRequest): Promise<string> {
  const { response, text } = await sendAndRead(address, request).catch((cause: unknown) => {
    throw unavailable(address, reasonOf(cause), cause);
  });
  if (response.ok) return text;
  throw refusedBy(address, response.status, text);
}

function refusedBy(address: ApiAddress, status: number, text: string): HookwaveError | Refused {
  const problem = shaped(text, problemSchema);
  return problem === null ? unavailable(address, `HTTP ${status} from something else`) : refusalOf(problem);
}

async function sendAndRead(address: ApiAddress, request: ApiRequest) {
  const response = await send(address, request, AbortSignal.timeout(TIMEOUT_MS));
  return { response, text: await response.text() };
}

async function send(
  { url, key }: ApiAddress,
  { method = "GET", root = "api/v1", path, query = {}, body }: ApiRequest,
  signal: AbortSignal,
): Promise<Response> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const one of [value ?? []].flat()) search.append(name, String(one));
  const suffix = search.size === 0 ? "" : `?${search}`;
  return await fetch(`${[url, root, ...path.map(encodeURIComponent)].join("/")}${suffix}`, {
    method,
    headers: {
      // Without it, a service with KLIPSTREAM_COMPAT would answer in that dialect.
      "hookwave-api": "1",
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body }),
    // A redirect would hand on the key.
    redirect: "error",
    signal,
  });
}

/** `fetch` says only that it failed; its cause says why. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const { code, message } = summarise(cause);
  return code ?? message;
}

function refusalOf(problem: Complaint & { readonly code: string }): HookwaveError | Refused {
  const { code } = problem;
  if (isErrorCode(code)) return new HookwaveError(code, problem);
  return new Refused(code, code === "UNAUTHENTICATED" ? { ...problem, remedy: KEY_REMEDY } : problem);
}

const KEY_REMEDY =
  "set HOOKWAVE_API_KEY to a key of the service; `hookwave keys create` makes one, with --redis also without a key";

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERROR_CODES, code);

function unavailable({ url }: ApiAddress, got: string, cause?: unknown): HookwaveError {
  const expected = `an answer of Hookwave's API from ${url}`;
  const remedy =
    "start the service, name it with --api or HOOKWAVE_URL, or go straight to Redis with --redis";
  return new HookwaveError("API_UNAVAILABLE", { expected, got, remedy }, { cause });
}
