/** One request to publish, made again under the same ids until the service has said yes or no. */
import type { EventId } from "../core/brand.ts";
import type { Durability } from "../core/durability.ts";
import type { Receipt } from "../publish/publisher.ts";
import { ClientError } from "./client-error.ts";
import type { EventText } from "./event-request.ts";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Exchange {
  /** Without a slash at its end. */
  readonly url: string;
  readonly apiKey: string | undefined;
  /** For one request. */
  readonly timeoutMs: number;
  readonly tries: number;
  readonly fetch: Fetch;
}

interface Answer {
  readonly status: number;
  /** Empty where it was no JSON object. */
  readonly body: object;
  readonly retryAfterMs: number | null;
}

const FIRST_WAIT_MS = 200;
const WAIT_MAX_MS = 10_000;

/** Rejects with a ClientError, which has the ids of `all`: one publish may take several of these. */
export async function publishOver(
  exchange: Exchange,
  events: readonly EventText[],
  durability: Durability | undefined,
  all: readonly EventText[] = events,
): Promise<readonly Receipt[]> {
  const texts = events.map(({ text }) => text);
  const body = texts.length === 1 ? texts.join("") : `[${texts.join(",")}]`;
  for (let tries = 1; ; tries += 1) {
    const { answer, cause } = await ask(exchange, body, durability);
    if (answer?.status === 202) return receiptsOf(idsOf(events), answer.body);
    const isTransient = answer === null || answer.status === 429 || answer.status >= 500;
    if (!isTransient || tries >= exchange.tries)
      throw answer === null ? unanswered(exchange, idsOf(all), cause) : refusal(exchange, idsOf(all), answer);
    const waitMs = answer?.retryAfterMs ?? FIRST_WAIT_MS * 2 ** (tries - 1);
    await new Promise((resolve) => setTimeout(resolve, Math.min(waitMs, WAIT_MAX_MS)));
  }
}

const idsOf = (events: readonly EventText[]): readonly EventId[] => events.map(({ id }) => id);

interface Asked {
  /** Null where none came. */
  readonly answer: Answer | null;
  readonly cause?: unknown;
}

async function ask(exchange: Exchange, body: string, durability: Durability | undefined): Promise<Asked> {
  const query = durability === undefined ? "" : `?durability=${encodeURIComponent(durability)}`;
  const key = exchange.apiKey === undefined ? {} : { authorization: `Bearer ${exchange.apiKey}` };
  try {
    const response = await exchange.fetch(`${exchange.url}/api/v1/events${query}`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json", ...key },
      body,
      // One that is followed would take the key elsewhere; Cloudflare's workers know no "error".
      redirect: "manual",
      signal: AbortSignal.timeout(exchange.timeoutMs),
    });
    return { answer: await read(response) };
  } catch (cause) {
    return { answer: null, cause };
  }
}

/** Rejects where the connection ends before the body does. */
async function read(response: Response): Promise<Answer> {
  const text = await response.text();
  const retryAfter = response.headers.get("retry-after");
  return {
    status: response.status,
    body: objectIn(text),
    retryAfterMs: retryAfter !== null && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) * 1_000 : null,
  };
}

/** Something before the service may have answered, with a page. */
function objectIn(text: string): object {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

function receiptsOf(ids: readonly EventId[], body: object): readonly Receipt[] {
  const onBusOnly: unknown = Reflect.get(body, "on_bus_only");
  const isOnBusOnly = (id: string): boolean =>
    onBusOnly === true || (Array.isArray(onBusOnly) && onBusOnly.includes(id));
  const said: unknown = Reflect.get(body, "warnings");
  const details = new Map<unknown, string[]>();
  for (const one of Array.isArray(said) ? said : []) {
    const { id, detail } = Object(one);
    if (typeof detail === "string") details.set(id, [...(details.get(id) ?? []), detail]);
  }
  return ids.map((id) => {
    const warnings = details.get(id);
    return { id, ...(isOnBusOnly(id) && { isOnBusOnly: true }), ...(warnings && { warnings }) };
  });
}

function unanswered({ url, timeoutMs }: Exchange, ids: readonly string[], cause: unknown): ClientError {
  const isLate = cause instanceof Error && cause.name === "TimeoutError";
  const got = isLate ? `none within ${timeoutMs} ms` : "no connection";
  const remedy = "check that the service runs there, then publish again under the same ids";
  const about = {
    code: "API_UNAVAILABLE",
    status: null,
    expected: `an answer from ${url}`,
    got,
    remedy,
    ids,
  };
  return new ClientError(about, { cause });
}

/** In the service's own words, or for something else that answers there, in ours. */
function refusal({ url }: Exchange, ids: readonly string[], { status, body }: Answer): ClientError {
  const said = (member: string, otherwise: string): string => {
    const text: unknown = Reflect.get(body, member);
    return typeof text === "string" ? text : otherwise;
  };
  return new ClientError({
    code: said("code", "API_UNAVAILABLE"),
    status,
    expected: said("expected", `Hookwave's API at ${url}`),
    got: said("got", `HTTP ${status} from something else`),
    remedy: said("remedy", "check the url, then publish again under the same ids"),
    ids,
  });
}
