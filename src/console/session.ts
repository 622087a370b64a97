/** The session: who is signed in here, if anybody has to be, and what that person may do. */
import { computed, signal } from "@preact/signals";
import type { Caller, Role } from "../core/access.ts";
import { ask } from "./api.ts";
import { service } from "./places.ts";

/** An answer of the service about whoever asks. */
interface Session {
  readonly needs_key: boolean;
  readonly by: { readonly name: string; readonly key_id: string; readonly roles: Caller["roles"] } | null;
  readonly hide_payloads: boolean;
  readonly version: string;
}

const ADDRESS = service("console", "session");

/** Null until the service has said. */
export const session = signal<Session | null>(null);
export const isSignedOut = computed(() => session.value?.needs_key === true && session.value.by === null);

/** Somebody who needs no key may do everything. */
export const may = (role: Role): boolean => {
  const { by = null, needs_key: needsKey = true } = session.value ?? {};
  if (by === null) return !needsKey;
  return by.roles.includes(role) || by.roles.includes("admin");
};

/** Throws a Problem. */
export async function readSession(): Promise<void> {
  session.value = await ask<Session>(ADDRESS);
}

/** Throws a Problem: of a key that is wrong, or a page that came over http from another machine. */
export async function signIn(key: string): Promise<void> {
  await ask(ADDRESS, { method: "POST", body: { key } });
  await readSession();
}

export async function signOut(): Promise<void> {
  await ask(ADDRESS, { method: "DELETE" });
  await readSession();
}
