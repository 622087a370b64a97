/**
 * The events of the service as the witness sees them, through the API alone: which have been taken on since it looked
 * last, and of each its text for the bus and the state of one delivery. An API that is away for a while is waited for.
 */
import { hash } from "node:crypto";
import { type ShownMigration, shownMigration } from "../../api/migration-fields.ts";
import { eventPage, wholeEventSchema } from "../../api/routes/event-records.ts";
import { deliverySchema } from "../../api/shown-delivery.ts";
import { HookwaveError } from "../../core/errors.ts";
import { memberTexts } from "../../core/json-text.ts";
import type { ApiClient } from "../api-client.ts";
import { Refused } from "../refused.ts";

interface SeenEvent {
  readonly digest: string;
  /** Of the delivery that is compared; null where there is none. */
  readonly status: string | null;
}

export interface Records {
  /** Ids and types of what was taken on since the last call, in every family that the bus takes. */
  readonly news: () => Promise<readonly { readonly id: string; readonly type: string }[]>;
  /** Null for one that has expired. */
  readonly look: (id: string) => Promise<SeenEvent | null>;
  readonly standing: () => Promise<ShownMigration>;
}

const PAGE = 100;

export const digestOf = (text: string): string => hash("sha256", text, "hex");

/** `since` is where the first call begins, ISO 8601. */
export function readRecords(
  api: ApiClient,
  eventTypes: readonly string[],
  endpointId: string,
  since: string,
): Records {
  const cursors = new Map<string, string>();

  /** Read and not handed out: another page may have failed. */
  const found = new Map<string, { readonly id: string; readonly type: string }>();

  const newsOf = async (type: string): Promise<void> => {
    for (;;) {
      const after = cursors.get(type);
      const query = { type, limit: PAGE, after, since: after === undefined ? since : undefined };
      const { data, next } = await api.ask({ path: ["events"], query }, eventPage);
      for (const one of data) found.set(one.id, one);
      if (next === null) return;
      cursors.set(type, next);
    }
  };
  const statusElsewhere = async (id: string): Promise<string | null> => {
    const path = ["deliveries", `${id}.${endpointId}`];
    return await api.ask({ path }, deliverySchema).then(
      ({ status }) => status,
      (error: unknown) => {
        if (codeOf(error) === "DELIVERY_UNKNOWN") return null;
        throw error;
      },
    );
  };

  return {
    news: async () => {
      await Promise.all(eventTypes.map(newsOf));
      const news = [...found.values()];
      found.clear();
      return news;
    },
    look: async (id) => {
      const text = await api.askText({ path: ["events", id] }).catch((error: unknown) => {
        if (codeOf(error) === "EVENT_UNKNOWN") return null;
        throw error;
      });
      if (text === null) return null;
      const { deliveries } = api.read(text, wholeEventSchema);
      const delivery = deliveries.data.find((one) => one.endpoint_id === endpointId);
      const isCutShort = delivery === undefined && deliveries.next !== null;
      const status = isCutShort ? await statusElsewhere(id) : (delivery?.status ?? null);
      return { digest: digestOf(busTextIn(text)), status };
    },
    standing: () => api.ask({ path: ["migration"] }, shownMigration),
  };
}

/** The event's own bytes: parsed and written anew they would be others. */
function busTextIn(eventText: string): string {
  const members = memberTexts(eventText);
  const legacy = members.get("legacy");
  const own = legacy === undefined ? undefined : memberTexts(legacy).get("data");
  return own ?? members.get("data") ?? "";
}

const codeOf = (error: unknown): string | null =>
  error instanceof HookwaveError || error instanceof Refused ? error.code : null;

/** Troubles that pass: the witness goes on, and decides nothing until it can look again. */
export function isPassing(error: unknown): boolean {
  return ["API_UNAVAILABLE", "REDIS_UNAVAILABLE", "RATE_LIMITED"].includes(codeOf(error) ?? "");
}
