/** A secret that is shown this once. It is in this text alone: leaving the page, or closing the dialog, forgets it. */
import type { ComponentChildren } from "preact";
import { CopyButton } from "./copy-button.tsx";

export function SecretOnce({
  secret,
  what,
  children,
}: {
  readonly secret: string;
  readonly what: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="once">
      <p>The {what}, shown this once:</p>
      <p class="secret">
        <code>{secret}</code>
        <CopyButton text={secret} what={`the ${what}`} />
      </p>
      {children}
    </div>
  );
}
