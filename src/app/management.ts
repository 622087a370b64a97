/** Wires management: what people and other services may ask, over the connection that also publishes. */
import { busTarget } from "../bus/target.ts";
import { system } from "../config/system.ts";
import { tellFailure } from "../core/happening.ts";
import { phaseAt } from "../core/migration.ts";
import type { PageRequest } from "../core/page.ts";
import type { QueueCounts } from "../core/queue-counts.ts";
import type { AddressPolicy } from "../deliver/address-guard.ts";
import { createInspector } from "../deliver/inspector.ts";
import type { OutboundProxy } from "../deliver/outbound-proxy.ts";
import type { Lookup as AddressLookup } from "../deliver/resolver.ts";
import { createAudit } from "../manage/audit.ts";
import { auditedCallbacks, auditedRecords } from "../manage/audited.ts";
import { createDeadLetterManagement } from "../manage/dead-letters.ts";
import { createDeliveryManagement } from "../manage/deliveries.ts";
import type { Doctor } from "../manage/doctor/doctor.ts";
import { createEnableEndpoint } from "../manage/enable-endpoint.ts";
import { endpointHealth } from "../manage/endpoint-health.ts";
import type { EndpointManagement } from "../manage/endpoints.ts";
import { createEventManagement, type EventManagementDeps } from "../manage/events.ts";
import { createExplainEvent } from "../manage/explain-event.ts";
import { createFindHolder, createKeyManagement } from "../manage/keys.ts";
import { createLive, type Live } from "../manage/live.ts";
import { livesOver } from "../manage/lives.ts";
import type { MigrationManagement } from "../manage/migration.ts";
import { createSendAgain } from "../manage/send-again.ts";
import { createSessionManagement } from "../manage/sessions.ts";
import { createReadSpan } from "../manage/statistics.ts";
import { createTestEndpoint } from "../manage/test-endpoint.ts";
import { createAuditStore } from "../store/audit.ts";
import { createFleetRates } from "../store/fleet-rates.ts";
import { readMissedSince } from "../store/health.ts";
import { createRecentAttempts } from "../store/recent-attempts.ts";
import { connectRedis } from "../store/redis.ts";
import { shownPlace } from "../store/redis-place.ts";
import { createSessionStore } from "../store/sessions.ts";
import { wireDeadLetters } from "./dead-letters.ts";
import { wireDoctor } from "./doctor.ts";
import type { wireEventReads } from "./event-reads.ts";
import type { FleetState } from "./fleet-state.ts";
import { wireInbox } from "./inbox.ts";
import type { Publishing } from "./publishing.ts";

interface ManagementWiring extends FleetState, Publishing {
  readonly policy: AddressPolicy;
  readonly lookup: AddressLookup;
  readonly proxy: OutboundProxy | null;
  readonly endpointManagement: EndpointManagement;
  readonly migrationManagement: MigrationManagement;
  readonly queueCounts: () => Promise<QueueCounts>;
  readonly reads: ReturnType<typeof wireEventReads>;
}

const FIRST_PAGE: PageRequest = { after: null, limit: 100 };

/** Management, and what its process starts and stops of it. */
export function wireManagement(wiring: ManagementWiring) {
  const { config, policy, lookup, proxy, redis, keys, apiKeys, endpointManagement, reads } = wiring;
  const inspector = createInspector({ policy, lookup, proxy, now: system.monotonicMs });
  const letters = wireDeadLetters(wiring);
  const { replays } = letters;
  const live = wireLive(wiring);
  const audit = createAudit(createAuditStore(redis, keys));
  const keyManagement = createKeyManagement(apiKeys, config.apiKey, system.now);
  const { sendAgain, ...parts } = wireRecords(wiring, letters);
  const records = auditedRecords({ ...parts, replays }, audit);
  const inbox = wireInbox(wiring, { publisher: wiring.publisher, sendAgain });
  return {
    ...records,
    sources: inbox.sources,
    callbacks: auditedCallbacks(inbox.callbacks, audit),
    receiveCallback: inbox.receiveCallback,
    audit: { list: audit.list },
    endpoints: endpointManagement,
    migration: wiring.migrationManagement,
    keys: keyManagement,
    sessions: createSessionManagement({
      store: createSessionStore(redis, keys),
      checkAnew: keyManagement.checkAnew,
      findHolder: createFindHolder(apiKeys, config.apiKey),
      now: system.now,
    }),
    enableEndpoint: createEnableEndpoint({
      endpoints: endpointManagement,
      readMissedSince: (id) => readMissedSince(redis, keys, id),
      ...records,
    }),
    testEndpoint: createTestEndpoint({ endpoints: endpointManagement, inspector, redis, system }),
    explainEvent: createExplainEvent({
      ...wiring,
      ...reads,
      rateWaitMs: createFleetRates(redis, keys, system.dice).look,
      system,
    }),
    health: (page = FIRST_PAGE) => endpointHealth({ ...wiring, now: system.now }, page),
    queueCounts: wiring.queueCounts,
    statistics: createReadSpan({ ...reads, endpoints: endpointManagement, now: system.now }),
    doctor: wireOwnDoctor(wiring),
    live: { open: live.open },
    start: () => {
      letters.start();
      inbox.start();
    },
    stop: async () => {
      live.close();
      inbox.stop();
      await letters.stop();
    },
    /** Tests under way reject with CLOSED. */
    abandonTests: inspector.abandon,
  };
}

/** A connection of the program's own is as good as a URL. */
const wireOwnDoctor = ({ config, redisPlace }: ManagementWiring): Doctor =>
  wireDoctor({ ...config, redisUrl: config.redisUrl ?? shownPlace(redisPlace) }, redisPlace);

/** Its connections block, as a worker's does. */
function wireLive({ shards, tell }: ManagementWiring): Live {
  const lives = shards.all.map(({ redis, keys, place }) => {
    const openReader = () => connectRedis(place, "worker", tellFailure(tell, "redis"));
    return createLive(createRecentAttempts(redis, keys, openReader, tell));
  });
  const [live] = lives;
  return live !== undefined && lives.length === 1 ? live : livesOver(lives);
}

function wireRecords(wiring: ManagementWiring, letters: ReturnType<typeof wireDeadLetters>) {
  const { outbox, deadLetters } = letters;
  const { config, waiting, publisher, endpoints, migration } = wiring;
  const { waitingJobs, pages, lookup, findConflict, feed } = wiring.reads;
  const sendAgain = createSendAgain({ outbox, deadLetters, waiting, waitingJobs, endpoints });
  const deliveries = createDeliveryManagement({ pages, lookup, waitingJobs, sendAgain });
  const { takes } = busTarget(config);
  const goByBus: EventManagementDeps["goByBus"] = async (events) =>
    phaseAt(await migration.currentOrKnown(), system.now()) === "redis" &&
    events.every(({ type }) => takes(type));
  const parts = { publisher, findConflict, lookup, pages, feed, deliveries, endpoints, sendAgain, goByBus };
  return {
    events: createEventManagement(parts),
    deliveries,
    deadLetters: createDeadLetterManagement(deadLetters, lookup),
    sendAgain,
  };
}
