/**
 * Management: all that people, commands and other services may ask of an installation. Each part is a module of this
 * room; app.ts puts them together, and the API serves them. None of it is needed to deliver.
 */
import type { Page, PageRequest } from "../core/page.ts";
import type { QueueCounts } from "../core/queue-counts.ts";
import type { DeadLetters } from "../queue/dead-letters.ts";
import type { Replays } from "../queue/replays.ts";
import type { DeliveryManagement } from "./deliveries.ts";
import type { EndpointStatus } from "./endpoint-health.ts";
import type { EndpointManagement } from "./endpoints.ts";
import type { EventManagement } from "./events.ts";
import type { ExplainEvent } from "./explain-event.ts";
import type { KeyManagement } from "./keys.ts";
import type { MigrationManagement } from "./migration.ts";
import type { TestEndpoint } from "./test-endpoint.ts";

/** All that the queue does with them, but for what only a starting process does. */
export type DeadLetterManagement = Omit<DeadLetters, "reindex">;

export interface ReplayManagement extends Replays {
  /** Works on it in this process, unless another one does already. */
  readonly attend: (id: string) => void;
}

export interface Management {
  readonly events: EventManagement;
  readonly deliveries: DeliveryManagement;
  readonly endpoints: EndpointManagement;
  readonly deadLetters: DeadLetterManagement;
  /** Many dead letters at once, as jobs that go on by themselves. */
  readonly replays: ReplayManagement;
  readonly keys: KeyManagement;
  readonly migration: MigrationManagement;
  readonly testEndpoint: TestEndpoint;
  readonly explainEvent: ExplainEvent;
  /** The state of each endpoint, oldest first; 100 a page unless said otherwise. */
  readonly health: (page?: PageRequest) => Promise<Page<EndpointStatus>>;
  readonly queueCounts: () => Promise<QueueCounts>;
}
