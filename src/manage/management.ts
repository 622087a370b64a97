/**
 * Management: all that people, commands and other services may ask of an installation. Each part is a module of this
 * room; app.ts puts them together, and the API serves them. None of it is needed to deliver.
 */
import type { Page, PageRequest } from "../core/page.ts";
import type { QueueCounts } from "../core/queue-counts.ts";
import type { DeadLetterManagement, ReplayManagement } from "./dead-letters.ts";
import type { DeliveryManagement } from "./deliveries.ts";
import type { EndpointStatus } from "./endpoint-health.ts";
import type { EndpointManagement } from "./endpoints.ts";
import type { EventManagement } from "./events.ts";
import type { ExplainEvent } from "./explain-event.ts";
import type { KeyManagement } from "./keys.ts";
import type { TestEndpoint } from "./test-endpoint.ts";

export interface Management {
  readonly events: EventManagement;
  readonly deliveries: DeliveryManagement;
  readonly endpoints: EndpointManagement;
  readonly deadLetters: DeadLetterManagement;
  /** Many dead letters at once, as jobs that go on by themselves. */
  readonly replays: ReplayManagement;
  readonly keys: KeyManagement;
  readonly testEndpoint: TestEndpoint;
  readonly explainEvent: ExplainEvent;
  /** The state of each endpoint, oldest first; 100 a page unless said otherwise. */
  readonly health: (page?: PageRequest) => Promise<Page<EndpointStatus>>;
  readonly queueCounts: () => Promise<QueueCounts>;
}
