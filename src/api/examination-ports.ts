/** What testing endpoints and explaining events need from the rest of the house; app/examination.ts fits as it is. */
import type { Outcome } from "../core/outcome.ts";
import type { Page, PageRequest } from "../core/page.ts";
import type { Obstacle, Prospect } from "../core/prospect.ts";
import type { TextEvent } from "./event-ports.ts";

/** Values of an endpoint's own headers are masked in it. */
export interface ShownRequest {
  readonly method: "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Trial {
  readonly event: { readonly id: string; readonly type: string; readonly timestamp: string };
  readonly request: ShownRequest;
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly excerpt: string;
  } | null;
  /** In ms; null for a part that was not needed or not reached. */
  readonly timings: {
    readonly dnsMs: number | null;
    readonly connectMs: number | null;
    readonly tlsMs: number | null;
    readonly firstByteMs: number | null;
    readonly totalMs: number;
  };
  readonly outcome: Outcome;
  readonly detail: string | null;
  readonly hints: readonly string[];
}

export interface Explanation {
  readonly endpointId: string;
  readonly url: string;
  readonly prospect: Prospect;
  readonly obstacles: readonly Obstacle[];
  readonly request: ShownRequest | null;
}

export interface ExplainedEvent extends Page<Explanation> {
  readonly eventId: string;
  readonly isDuplicate: boolean;
  readonly destinations: readonly Explanation[];
}

export interface Examination {
  readonly test: (id: string, event: Partial<Pick<TextEvent, "type" | "dataText">>) => Promise<Trial>;
  readonly explain: (
    event: TextEvent,
    page: PageRequest & { readonly onlyMatching: boolean },
  ) => Promise<ExplainedEvent>;
}
