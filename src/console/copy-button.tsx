/** A button that copies a text, and says that it did. */
import { useKeys } from "./keyboard.ts";
import { toast } from "./toasts.tsx";

interface Props {
  readonly text: string;
  readonly what: string;
  /** Words on the button; a sign where there are none. */
  readonly label?: string;
  readonly shortcut?: string;
}

export function CopyButton({ text, what, label, shortcut }: Props) {
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      toast(`Copied ${what}`, "good");
    } catch {
      // Over http from another machine a browser lets no page write there.
      toast(`The browser does not let this page copy; select ${what} instead`, "bad");
    }
  };
  useKeys(shortcut === undefined ? {} : { [shortcut]: () => void copy() });
  if (label !== undefined)
    return (
      <button type="button" onClick={copy}>
        {label}
      </button>
    );
  return (
    <button
      type="button"
      class="quiet copy"
      aria-label={`Copy ${what}`}
      title={`Copy ${what}`}
      onClick={copy}
    >
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3" fill="none" stroke="currentColor" stroke-width="1.3" />
      </svg>
    </button>
  );
}
