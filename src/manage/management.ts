/**
 * Management: all that people, commands and other services may ask of an installation. Each part is a module of this
 * room; app.ts puts them together, and the API serves them. None of it is needed to deliver.
 */
import type { Page, PageRequest } from "../core/page.ts";
import type { QueueCounts } from "../core/queue-counts.ts";
import type { Replays } from "../queue/replays.ts";
import type { Audit } from "./audit.ts";
import type { CallbackManagement } from "./callbacks.ts";
import type { DeadLetterManagement } from "./dead-letters.ts";
import type { DeliveryManagement } from "./deliveries.ts";
import type { Doctor } from "./doctor/doctor.ts";
import type { EnableEndpoint } from "./enable-endpoint.ts";
import type { EndpointStatus } from "./endpoint-health.ts";
import type { EndpointManagement } from "./endpoints.ts";
import type { EventManagement } from "./events.ts";
import type { ExplainEvent } from "./explain-event.ts";
import type { KeyManagement } from "./keys.ts";
import type { Live } from "./live.ts";
import type { MigrationManagement } from "./migration.ts";
import type { ReceiveCallback } from "./receive-callback.ts";
import type { SessionManagement } from "./sessions.ts";
import type { SourceManagement } from "./sources.ts";
import type { ReadSpan } from "./statistics.ts";
import type { TestEndpoint } from "./test-endpoint.ts";

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
  /** For people at a browser, who show a key once. */
  readonly sessions: SessionManagement;
  readonly sources: SourceManagement;
  readonly callbacks: CallbackManagement;
  readonly receiveCallback: ReceiveCallback;
  readonly migration: MigrationManagement;
  /** As `endpoints.enable`, with what it has missed. */
  readonly enableEndpoint: EnableEndpoint;
  readonly testEndpoint: TestEndpoint;
  readonly explainEvent: ExplainEvent;
  /** The state of each endpoint, oldest first; 100 a page unless said otherwise. */
  readonly health: (page?: PageRequest) => Promise<Page<EndpointStatus>>;
  readonly queueCounts: () => Promise<QueueCounts>;
  /** Counts of the last day: of all by the minute, of one endpoint by the hour. */
  readonly statistics: ReadSpan;
  readonly doctor: Doctor;
  /** Attempts of the whole fleet as they are made. */
  readonly live: Pick<Live, "open">;
  /** Newest first: who changed what. */
  readonly audit: Pick<Audit, "list">;
}
