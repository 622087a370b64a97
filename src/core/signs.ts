/** Signs before the doctor's findings, for people: in a terminal as on the page. */
export const SIGNS = { ok: "✓", warning: "!", broken: "✗" } as const;
