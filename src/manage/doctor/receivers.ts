/**
 * A look at receivers: may they be called, do their names resolve, does a connection come about, and how long are their
 * certificates good? Endpoints of one origin share one look. So many origins are looked at and for so long, and it is said
 * how many those were; nothing is sent to any of them.
 */
import type { Origin } from "../../core/brand.ts";
import { HookwaveError } from "../../core/errors.ts";
import { type BreakerId, originOf } from "../../core/origin.ts";
import type { EndpointOutline } from "../../core/readings.ts";
import type { System } from "../../core/system.ts";
import type { AddressPolicy } from "../../deliver/address-guard.ts";
import type { ShakeHands } from "../../deliver/handshake.ts";
import { checkUrl } from "../../deliver/url-policy.ts";
import { type Finding, ok, warning } from "./finding.ts";
import { handshakeFinding, notLookedAt, refusedFinding } from "./receiver-findings.ts";
import { counted } from "./redis-findings.ts";

const ORIGINS_MAX = 100;
const AT_ONCE = 16;
const WITHIN_MS = 20_000;

export interface ReceiversDeps {
  readonly policy: AddressPolicy;
  readonly shakeHands: ShakeHands;
  readonly system: Pick<System, "now" | "monotonicMs">;
}

/** `open`: whose breakers are; they come first. */
export async function lookAtReceivers(
  endpoints: readonly EndpointOutline[],
  open: readonly BreakerId[],
  deps: ReceiversDeps,
): Promise<readonly Finding[]> {
  const groups = inOrderOfNeed(Map.groupBy(endpoints, originOf), new Set(open));
  const chosen = groups.slice(0, ORIGINS_MAX);
  const looks = await untilTimeIsUp(chosen, (group) => lookAt(group, deps), deps);
  const looked = chosen.filter((_, index) => looks[index] !== undefined);
  return [summary(endpoints, groups, chosen, looked), ...looks.flatMap((found) => found ?? [])];
}

type Group = readonly [origin: Origin, endpoints: readonly EndpointOutline[]];

function inOrderOfNeed(
  byOrigin: ReadonlyMap<Origin, readonly EndpointOutline[]>,
  open: ReadonlySet<BreakerId>,
): readonly Group[] {
  const isIll = ([origin, endpoints]: Group): boolean =>
    open.has(origin) || endpoints.some(({ id }) => open.has(id));
  return [...byOrigin].toSorted((one, other) => Number(isIll(other)) - Number(isIll(one)));
}

/** The answers in the order of the items; undefined for those that were not done in time. */
async function untilTimeIsUp<Item, Answer>(
  items: readonly Item[],
  work: (item: Item) => Promise<Answer>,
  { system }: ReceiversDeps,
): Promise<readonly (Answer | undefined)[]> {
  const answers: (Answer | undefined)[] = items.map(() => undefined);
  const endsAt = system.monotonicMs() + WITHIN_MS;
  // One iterator for all: whoever is free takes what is next.
  const left = items.entries();
  const workOn = async (): Promise<void> => {
    for (const [at, item] of left) {
      if (system.monotonicMs() >= endsAt) return;
      answers[at] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, workOn));
  return answers;
}

async function lookAt([origin, endpoints]: Group, deps: ReceiversDeps): Promise<readonly Finding[]> {
  const checked = endpoints.map((endpoint) => ({ endpoint, check: checkUrl(endpoint.url, deps.policy) }));
  const refused = checked.flatMap(({ endpoint, check }) => (check.ok ? [] : [{ endpoint, ...check }]));
  const findings = [...Map.groupBy(refused, ({ problem }) => problem).values()].map((some) =>
    refusedFinding(origin, some),
  );
  const callable = checked.filter(({ check }) => check.ok).map(({ endpoint }) => endpoint);
  if (callable.length === 0) return findings;
  const looked = await deps.shakeHands(origin).catch(ownFailure);
  const finding =
    looked instanceof HookwaveError
      ? notLookedAt(origin, callable, looked)
      : handshakeFinding(origin, callable, looked, deps.system.now());
  return [...findings, finding];
}

/** This machine has no file, port or resolver left: one receiver that cannot be looked at hides no other. */
function ownFailure(error: unknown): HookwaveError {
  if (error instanceof HookwaveError) return error;
  throw error;
}

function summary(
  endpoints: readonly EndpointOutline[],
  groups: readonly Group[],
  chosen: readonly Group[],
  looked: readonly Group[],
): Finding {
  if (endpoints.length === 0) return ok("endpoints", "there is none that is active");
  const count = looked.reduce((sum, [, ofOrigin]) => sum + ofOrigin.length, 0);
  const seen = `looked at ${count} of ${counted(endpoints.length, "endpoint")}, at ${looked.length} of ${counted(groups.length, "origin")}`;
  if (looked.length < chosen.length)
    return warning(
      "endpoints",
      `${seen}, before ${WITHIN_MS / 1_000} s were up`,
      "name those that you ask about with --endpoint; many receivers, or the name server, answer slowly",
    );
  const rest = chosen.length < groups.length ? `; --endpoint names others` : "";
  return ok("endpoints", `${seen}${rest}`);
}
