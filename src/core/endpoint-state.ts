/**
 * The state of an endpoint in words, as an operator wants to know it: is it well, and if not, since when and why? The
 * commands and the console say it alike.
 */
import { roughSpan } from "./duration.ts";
import type { Endpoint } from "./endpoint.ts";
import type { BreakerState } from "./happening.ts";

type Life = Pick<Endpoint, "isActive" | "disabledBecause">;

/** Of one that was made meanwhile, nobody knows it yet. */
interface Health {
  readonly breaker: BreakerState;
  /** ISO 8601. */
  readonly failingSince: string | null;
  /** Deliveries that wait for another attempt. */
  readonly waiting: number;
}

export type EndpointWord = "active" | "failing" | "disabled";

export function endpointWord({ isActive }: Pick<Life, "isActive">, health: Health | undefined): EndpointWord {
  if (!isActive) return "disabled";
  return health !== undefined && (health.breaker !== "closed" || health.failingSince !== null)
    ? "failing"
    : "active";
}

/**
 * `failing for 12 min (HTTP 503)`, `breaker open`, `40 wait`; one that is switched off says why. `cause` is its last
 * attempt's failure, where that is known.
 */
export function stateInWords(
  life: Life,
  health: Health | undefined,
  cause: string | null,
  nowMs: number,
): readonly [state: string, ...more: string[]] {
  if (!life.isActive) return [`disabled: ${life.disabledBecause ?? "no reason given"}`];
  if (health === undefined) return ["active"];
  const { breaker, failingSince: since, waiting } = health;
  const span = since === null ? "" : ` for ${roughSpan(Math.max(0, nowMs - Date.parse(since)))}`;
  const isFailing = endpointWord(life, health) === "failing";
  return [
    isFailing ? `failing${span}${cause === null ? "" : ` (${cause})`}` : "active",
    ...(breaker === "closed" ? [] : [`breaker ${breaker.replace("_", " ")}`]),
    ...(waiting === 0 ? [] : [`${waiting} ${waiting === 1 ? "waits" : "wait"}`]),
  ];
}
