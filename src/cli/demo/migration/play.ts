/**
 * The play: events of one type at a steady rate all the time, and beneath them the switch is turned, act by act. Nothing
 * is staged: what is compared is what the consumer and the receiver noted.
 */
import { setTimeout as pause } from "node:timers/promises";
import { catalogue } from "../../../catalogue/catalogue.ts";
import { system } from "../../../config/system.ts";
import type { Screen } from "../../screen.ts";
import { ACTS, type Act } from "./acts.ts";
import type { Evidence } from "./promises.ts";
import type { MigrationStage } from "./stage.ts";
import { arrivalsAt, isComplete, type Sent } from "./tally.ts";

export interface Tempo {
  readonly actMs: number;
  readonly eventsPerSecond: number;
}

/** The narrator's part: what is said when an act begins, when the fleet obeys, and of its figures so far. */
export interface Narrator {
  readonly begins: (act: Act) => void;
  readonly obeyed: (tookMs: number) => void;
  readonly figures: (act: number, sent: readonly Sent[], stage: MigrationStage) => string;
}

const TYPE = "model.registered";
const LOOK_EVERY_MS = 100;
/** Each waits for the bus and the store as long as a publish does. */
const TRIES = 5;
const TICK_MS = 5;
const SETTLE_MS = 20_000;
const OBEY_MS = 5_000;
/** So long an act waits for the first of its events to arrive: one without any would show nothing. */
const ACT_MAX_MS = 10_000;
/** An event that was published so long before a switch belongs to the act it was published in, come or not. */
const OPEN_MAX_MS = 5_000;

export async function playMigration(
  stage: MigrationStage,
  tempo: Tempo,
  narrator: Narrator,
  screen: Screen,
): Promise<Evidence> {
  const load = startLoad(stage, tempo.eventsPerSecond);
  const obeyedInMs: number[] = [];
  let earlyWebhooks = 0;
  for (const [index, act] of ACTS.entries()) {
    narrator.begins(act);
    if (index > 0) {
      earlyWebhooks += webhooksTooEarly(index - 1, stage, load.sent);
      obeyedInMs.push(await turn(act, stage, load));
      narrator.obeyed(obeyedInMs.at(-1) ?? 0);
    }
    load.begin(index);
    const startedAt = system.monotonicMs();
    const isOver = (elapsed: number): boolean =>
      elapsed >= tempo.actMs && (elapsed >= ACT_MAX_MS || hasShown(index, stage, load.sent));
    for (let elapsed = 0; !isOver(elapsed); elapsed = system.monotonicMs() - startedAt) {
      const share = (index + Math.min(elapsed / tempo.actMs, 1)) / ACTS.length;
      screen.progress(
        share,
        `act ${index + 1} of ${ACTS.length}: ${narrator.figures(index, load.sent, stage)}`,
      );
      await pause(LOOK_EVERY_MS, undefined, { ref: false });
    }
    screen.clear();
    screen.line(`     ${narrator.figures(index, load.sent, stage)}`);
  }
  const refused = await load.stop();
  await untilSettled(stage, load.sent);
  return {
    sent: load.sent,
    refused,
    obeyedInMs,
    earlyWebhooks,
    arrivals: arrivalsAt(stage.consumer, stage.receiver),
    popped: stage.consumer.popped,
    notes: stage.receiver.notes,
  };
}

interface Load {
  /** Those that were accepted. */
  readonly sent: readonly Sent[];
  /** From now on events belong to this act; null while the fleet is being switched. */
  readonly begin: (act: number | null) => void;
  /** Resolves with how many were refused. */
  readonly stop: () => Promise<number>;
}

/** On schedule whatever becomes of those before: a service that publishes does not wait either. */
function startLoad({ service }: MigrationStage, perSecond: number): Load {
  const sent: Sent[] = [];
  const open = new Set<Promise<void>>();
  const startedAt = system.monotonicMs();
  let [act, number, refused]: [number | null, number, number] = [null, 0, 0];
  const publish = async (): Promise<void> => {
    number += 1;
    const one: Sent = { id: `model-${number}`, act, atMs: system.monotonicMs() };
    const { data, legacyData } = dataOf(one.id);
    const tryOnce = (): Promise<unknown> =>
      service.hookwave.publish({ id: one.id, type: TYPE, data, legacyData });
    // A refusal says to publish again, which a busy machine may call for; with its id it is the same event.
    for (let tries = 0; tries < TRIES; tries += 1) {
      const isAccepted = await tryOnce().then(
        () => true,
        () => false,
      );
      if (isAccepted) return void sent.push(one);
    }
    refused += 1;
  };
  const publishDue = (): void => {
    while (number < ((system.monotonicMs() - startedAt) / 1_000) * perSecond) {
      const publishing = publish();
      open.add(publishing);
      void publishing.finally(() => open.delete(publishing));
    }
  };
  const timer = setInterval(publishDue, TICK_MS);
  return {
    sent,
    begin: (next) => {
      act = next;
    },
    stop: async () => {
      clearInterval(timer);
      await Promise.all(open);
      return refused;
    },
  };
}

/** One model for the receiver of webhooks, and the flat payload that the bus' consumers know. */
function dataOf(modelId: string) {
  return {
    data: { ...catalogue[TYPE].example, model_id: modelId },
    legacyData: {
      model_id: modelId,
      token_symbol: "msft-1",
      metric_name: "accuracy",
      baseline_value: 0.87,
      current_value: 0.913,
      model_name: "Sales lead scoring",
      model_version: "3",
    },
  };
}

/** True once all that this act promises has come for one of its events. */
function hasShown(index: number, { consumer, receiver }: MigrationStage, sent: readonly Sent[]): boolean {
  const arrivals = arrivalsAt(consumer, receiver);
  return sent.some((one) => one.act === index && isComplete(one, arrivals));
}

/** An event that the act before has not had yet is on its way while the fleet is switched: either rule may hold. */
async function turn(act: Act, stage: MigrationStage, load: Load): Promise<number> {
  const askedAt = system.monotonicMs();
  load.begin(null);
  const arrivals = arrivalsAt(stage.consumer, stage.receiver);
  for (const one of load.sent) {
    if (askedAt - one.atMs < OPEN_MAX_MS && !isComplete(one, arrivals)) one.act = null;
  }
  const { phase, reason, backlog } = act;
  const request = { phase, reason, backlog, forMs: null, shares: null, by: "demo" };
  await stage.service.hookwave.migration.set(request);
  const isObeyed = (): boolean => stage.obeyed.every((phaseOf) => phaseOf() === phase);
  while (!isObeyed() && system.monotonicMs() - askedAt < OBEY_MS) await pause(1, undefined, { ref: false });
  return system.monotonicMs() - askedAt;
}

/** Webhooks of an act that keeps them, which came before it ended. */
function webhooksTooEarly(index: number, { receiver }: MigrationStage, sent: readonly Sent[]): number {
  if (ACTS[index]?.isKept !== true) return 0;
  const own = new Set(sent.filter(({ act }) => act === index).map(({ id }) => id));
  return receiver.notes.filter(({ webhookId }) => own.has(webhookId)).length;
}

/** All of it has its webhook in the end, kept or not. */
async function untilSettled({ consumer, receiver }: MigrationStage, sent: readonly Sent[]): Promise<void> {
  const startedAt = system.monotonicMs();
  const isSettled = (): boolean => {
    const arrivals = arrivalsAt(consumer, receiver);
    return sent.every((one) => arrivals.webhook.has(one.id) && isComplete(one, arrivals));
  };
  while (!isSettled() && system.monotonicMs() - startedAt < SETTLE_MS)
    await pause(LOOK_EVERY_MS, undefined, { ref: false });
}
