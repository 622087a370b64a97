/** The last entries of the audit log, for those who may change things themselves. */
import type { ShownAuditEntry } from "../../api/routes/audit.ts";
import type { Page } from "../../core/page.ts";
import { Shown, useAnswer } from "../answers.tsx";
import { api, page, withQuery } from "../places.ts";
import { Ago, Id } from "../words.tsx";

const ROWS = 8;
/** The page of what an action is about, by the action's first word. */
const PAGES: Readonly<Record<string, string>> = {
  endpoint: "webhooks",
  event: "events",
  delivery: "deliveries",
  dead_letter: "dead-letters",
  replay: "replays",
};

const targetPage = (action: string, target: string): string => {
  const [subject = ""] = action.split(".");
  return PAGES[subject] === undefined ? page("settings") : page(PAGES[subject], target);
};

export function RecentChanges({ everyMs }: { readonly everyMs: number }) {
  const asked = useAnswer<Page<ShownAuditEntry>>(withQuery(api("audit"), { limit: ROWS }), everyMs);
  return (
    <section class="card" aria-label="Changes">
      <h2>Last changes</h2>
      <Shown asked={asked} what="what was changed">
        {({ data }) =>
          data.length === 0 ? (
            <p class="muted">Nobody has changed anything yet.</p>
          ) : (
            <ul class="plain lines">
              {data.map((entry) => (
                <Change key={entry.id} entry={entry} />
              ))}
            </ul>
          )
        }
      </Shown>
    </section>
  );
}

function Change({ entry: { action, target, by, at } }: { readonly entry: ShownAuditEntry }) {
  return (
    <li>
      <span>{action.replace(".", ": ").replaceAll("_", " ")}</span>
      {target !== null && <Id id={target} href={targetPage(action, target)} />}
      <span class="muted">
        by {by.name} · <Ago at={at} />
      </span>
    </li>
  );
}
