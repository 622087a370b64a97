/** Orders about all dead letters that match, also those that no page shows: a replay at a rate, or a purge, by their number. */
import type { ShownReplay } from "../../api/routes/replays.ts";
import { roughSpan } from "../../core/duration.ts";
import { REPLAY_RATE } from "../../core/replay.ts";
import { ask } from "../api.ts";
import { textIn } from "../fields.tsx";
import { FormAct } from "../form-act.tsx";
import { filterOf } from "../letter-filters.ts";
import { api, type Query } from "../places.ts";
import { count, plural } from "../words.tsx";

interface Props {
  readonly filters: Query;
  readonly total: number;
}

const { min, max, default: usual } = REPLAY_RATE;

export function ReplayMatching({ filters, total, begun }: Props & { readonly begun: (id: string) => void }) {
  const tookMs = (total / usual) * 1_000;
  return (
    <FormAct
      label={`Replay the ${count(total)} that match`}
      needs="admin"
      isMain
      intro={
        <p>
          Each is sent again from its first attempt on, under the same <code>webhook-id</code>. At {usual} a
          second this takes {roughSpan(tookMs)}; it can be paused and cancelled.
        </p>
      }
      fields={[
        {
          name: "rate",
          title: "Letters per second",
          value: String(usual),
          hint: `${min} to ${count(max)}`,
          isRequired: true,
        },
        {
          name: "to_endpoint_id",
          title: "To another endpoint",
          placeholder: "ep_…",
          hint: "Empty: to the endpoint that each was owed to.",
        },
      ]}
      run={async (given) => {
        const to = textIn(given, "to_endpoint_id");
        const { id, total: letters } = await ask<ShownReplay>(api("replays"), {
          method: "POST",
          body: {
            filter: filterOf(filters),
            rate: Number(textIn(given, "rate")),
            ...(to !== "" && { to_endpoint_id: to }),
          },
        });
        begun(id);
        return { news: `Began to replay ${plural(letters, "dead letter")}` };
      }}
    />
  );
}

export function PurgeMatching({ filters, total, purged }: Props & { readonly purged: () => void }) {
  return (
    <FormAct
      label={`Purge the ${count(total)} that match`}
      needs="admin"
      isDangerous
      intro={<p>They are removed for good, with their data. Nothing brings them back.</p>}
      fields={[
        {
          name: "confirm_count",
          title: `Type ${total} to confirm`,
          exactly: String(total),
          isRequired: true,
        },
      ]}
      run={async (given) => {
        const { purged: letters } = await ask<{ purged: number }>(api("dead-letters", "purge"), {
          method: "POST",
          body: { filter: filterOf(filters), confirm_count: Number(textIn(given, "confirm_count")) },
        });
        purged();
        return { news: `Purged ${plural(letters, "dead letter")}` };
      }}
    />
  );
}
