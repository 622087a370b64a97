/** Dead letters counted by endpoint, reason and last answer: a thousand of them are mostly three kinds. */
import type { ShownLetterGroups } from "../../api/letter-fields.ts";
import { type Answered, Shown } from "../answers.tsx";
import { page, type Query, withQuery } from "../places.ts";
import { Ago, count } from "../words.tsx";

const SHOWN_MAX = 12;
type Group = ShownLetterGroups["data"][number];

interface Props {
  readonly filters: Query;
  readonly asked: Answered<ShownLetterGroups>;
}

export function LetterGroups({ filters, asked }: Props) {
  return (
    <Shown asked={asked} what="what kinds there are">
      {({ data, counted, complete }) =>
        data.length < 2 ? null : (
          <section class="card" aria-label="Kinds">
            <h2>Kinds</h2>
            <ul class="plain kinds">
              {data.slice(0, SHOWN_MAX).map((group) => (
                <Kind key={keyOf(group)} group={group} filters={filters} />
              ))}
            </ul>
            {data.length > SHOWN_MAX && (
              <p class="muted">and {count(data.length - SHOWN_MAX)} with fewer letters</p>
            )}
            {!complete && <p class="muted">Of the newest {count(counted)} letters.</p>}
          </section>
        )
      }
    </Shown>
  );
}

const keyOf = ({ endpoint_id: endpoint, reason, last_status: status }: Group): string =>
  `${endpoint ?? ""} ${reason} ${status ?? ""}`;

function Kind({ group, filters }: { readonly group: Group; readonly filters: Query }) {
  const { endpoint_id: endpoint, reason, last_status: status, count: letters, newest_at: at } = group;
  const narrowed = { ...filters, endpoint: endpoint ?? filters["endpoint"], reason };
  return (
    <li>
      <strong>{count(letters)}</strong>
      <a href={withQuery(page("dead-letters"), narrowed)}>
        <span class="id">{endpoint ?? "no endpoint"}</span> · {reason}
      </a>
      <span>{status === null ? "no answer" : `HTTP ${status}`}</span>
      <span class="muted">
        the newest <Ago at={at} />
      </span>
    </li>
  );
}
