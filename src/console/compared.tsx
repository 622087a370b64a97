/** Two events side by side, as the lines in which their data differ. Which one is the other is in the page's URL. */
import { useMemo } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { Shown, useAsked } from "./answers.tsx";
import { indented, tokensOf } from "./json-tokens.ts";
import { diffOf, type Run } from "./line-diff.ts";
import { readEvent, type ShownEvent } from "./one-event.ts";
import { page, withQuery } from "./places.ts";
import { Hidden, Id, plural } from "./words.tsx";

/** Lines around a difference; more of the same are left out. */
const AROUND = 3;

export const indentedText = (text: string): string =>
  indented(tokensOf(text))
    .map((token) => token.text)
    .join("");

export function Compared({ event }: { readonly event: ShownEvent }) {
  const { query, route } = useLocation();
  const against = query["against"] ?? "";
  return (
    <section class="card">
      <h2>Compare its data</h2>
      <form
        key={against}
        class="filters"
        onSubmit={(submitted) => {
          submitted.preventDefault();
          const other = String(new FormData(submitted.currentTarget).get("against") ?? "").trim();
          route(withQuery(page("events", event.id), { against: other }));
        }}
      >
        <div class="filter">
          <label for="against">with those of the event</label>
          <input
            id="against"
            name="against"
            type="text"
            defaultValue={against}
            placeholder="evt_…"
            spellcheck={false}
            autocomplete="off"
          />
        </div>
        <button type="submit">Compare</button>
      </form>
      {against !== "" && <Against key={against} event={event} other={against} />}
    </section>
  );
}

function Against({ event, other }: { readonly event: ShownEvent; readonly other: string }) {
  const asked = useAsked(other, (signal) => readEvent(other, signal));
  return (
    <Shown asked={asked} what="the other event">
      {(found) =>
        found.payload_hidden === true ? <Hidden what="Data are" /> : <Difference from={found} to={event} />
      }
    </Shown>
  );
}

function Difference({ from, to }: { readonly from: ShownEvent; readonly to: ShownEvent }) {
  const runs = useMemo(
    () => diffOf(indentedText(from.dataText), indentedText(to.dataText)),
    [from.dataText, to.dataText],
  );
  const lines = (kind: Run["kind"]): number =>
    runs.reduce((sum, run) => sum + (run.kind === kind ? run.lines.length : 0), 0);
  const isEqual = runs.every(({ kind }) => kind === "same");
  return (
    <>
      <p role="status">
        From <Id id={from.id} href={page("events", from.id)} /> to this one:{" "}
        {isEqual
          ? "the same, but for white space."
          : `${plural(lines("removed"), "line")} removed, ${lines("added")} added.`}
      </p>
      {!isEqual && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <pre class="diff" tabIndex={0}>
          {runs.map((run, at) => (
            <OneRun key={at} run={run} isFirst={at === 0} isLast={at === runs.length - 1} />
          ))}
        </pre>
      )}
    </>
  );
}

const marked = (lines: readonly string[], mark: string): string =>
  lines.map((line) => `${mark} ${line}\n`).join("");

function OneRun({
  run,
  isFirst,
  isLast,
}: {
  readonly run: Run;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}) {
  const { kind, lines } = run;
  if (kind === "removed") return <del>{marked(lines, "-")}</del>;
  if (kind === "added") return <ins>{marked(lines, "+")}</ins>;
  const head = isFirst ? 0 : AROUND;
  const tail = isLast ? 0 : AROUND;
  const left = lines.length - head - tail;
  if (left <= 1) return <span>{marked(lines, " ")}</span>;
  return (
    <span>
      {marked(lines.slice(0, head), " ")}
      <span class="muted">{`  … ${plural(left, "line")} the same …\n`}</span>
      {marked(lines.slice(lines.length - tail), " ")}
    </span>
  );
}
