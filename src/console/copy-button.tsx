/** A button that copies a text, and says that it did. */
import { toast } from "./toasts.tsx";

export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      toast(`Copied ${what}`, "good");
    } catch {
      // Over http from another machine a browser lets no page write there.
      toast(`The browser does not let this page copy; select ${what} instead`, "bad");
    }
  };
  return (
    <button
      type="button"
      class="quiet copy"
      aria-label={`Copy ${what}`}
      title={`Copy ${what}`}
      onClick={copy}
    >
      ⧉
    </button>
  );
}
