/** JSON for people: coloured and indented from its text, of which nothing else is changed; and the text as it came. */
import { useMemo, useState } from "preact/hooks";
import { CopyButton } from "./copy-button.tsx";
import { indented, type Token, tokensOf } from "./json-tokens.ts";

/** Beyond it colours would cost more than they show. */
const COLOURED_MAX_CHARS = 64 * 1_024;

export function JsonView({ text, what }: { readonly text: string; readonly what: string }) {
  const [isUnformatted, setUnformatted] = useState(false);
  const isLong = text.length > COLOURED_MAX_CHARS;
  const tokens = useMemo(() => (isLong ? null : tokensOf(text)), [text, isLong]);
  return (
    <figure class="json">
      <figcaption>
        <span>{what}</span>
        {tokens !== null && (
          <label>
            <input
              type="checkbox"
              checked={isUnformatted}
              onChange={({ currentTarget }) => setUnformatted(currentTarget.checked)}
            />
            unformatted
          </label>
        )}
        <CopyButton text={text} what={what} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>
        {tokens === null ? text : <Tokens tokens={isUnformatted ? tokens : indented(tokens)} />}
      </pre>
    </figure>
  );
}

function Tokens({ tokens }: { readonly tokens: readonly Token[] }) {
  return (
    <code>
      {tokens.map(({ kind, text }, at) =>
        kind === "space" || kind === "other" ? (
          text
        ) : (
          <span key={at} class={kind}>
            {text}
          </span>
        ),
      )}
    </code>
  );
}
