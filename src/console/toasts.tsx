/** Toasts: short news of what has just happened, never the only place where it stands. At most three at a time. */
import { signal } from "@preact/signals";

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: "good" | "bad" | "news";
  /** A page with more of it. */
  readonly href: string | null;
}

const SHOWN_MAX = 3;
const SHOWN_MS = 8_000;

const toasts = signal<readonly Toast[]>([]);
let made = 0;

const dismiss = (id: number): void => {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
};

export function toast(text: string, tone: Toast["tone"] = "news", href: string | null = null): void {
  made += 1;
  const id = made;
  toasts.value = [...toasts.value, { id, text, tone, href }].slice(-SHOWN_MAX);
  setTimeout(() => dismiss(id), SHOWN_MS);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, tone, href }) => (
        <div key={id} class={`toast ${tone}`}>
          <span>{text}</span>
          {href !== null && <a href={href}>View details</a>}
          <button type="button" class="quiet" aria-label="Dismiss" onClick={() => dismiss(id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
}
