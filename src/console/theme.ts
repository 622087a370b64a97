/** Light or dark: as the system has it, unless somebody chose here; the browser remembers. */
import { effect, signal } from "@preact/signals";

export const THEMES = ["system", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

const KEY = "hookwave-theme";
const isTheme = (text: string | null): text is Theme => THEMES.some((theme) => theme === text);

const kept = localStorage.getItem(KEY);
export const theme = signal<Theme>(isTheme(kept) ? kept : "system");

effect(() => {
  document.documentElement.style.colorScheme = theme.value === "system" ? "light dark" : theme.value;
  localStorage.setItem(KEY, theme.value);
});
