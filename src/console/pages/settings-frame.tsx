/** The frame of the settings' pages: which there are, and where one is. */
import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso/router";
import { page } from "../places.ts";
import { session } from "../session.ts";

const PARTS = [
  ["API keys", page("settings")],
  ["Audit log", page("settings", "audit")],
  ["Doctor", page("settings", "doctor")],
] as const;

export function SettingsFrame({
  acts = null,
  children,
}: {
  readonly acts?: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  const { path } = useLocation();
  return (
    <>
      <div class="head">
        <h1>Settings</h1>
        <span class="muted">Hookwave {session.value?.version}</span>
        {acts !== null && <div class="acts">{acts}</div>}
      </div>
      <nav class="parts" aria-label="Settings">
        {PARTS.map(([name, href]) => (
          <a key={href} href={href} aria-current={path.replace(/\/$/, "") === href ? "page" : undefined}>
            {name}
          </a>
        ))}
      </nav>
      {children}
    </>
  );
}
