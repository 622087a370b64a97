/** Posts a request as `signedFixture` makes them. */
import type { SignedFixture } from "../../src/testing/signed-fixture.ts";

/** Follows no redirect, as no sender of webhooks does. */
export async function post(
  url: string,
  { headers, body }: Pick<SignedFixture, "headers" | "body">,
): Promise<Response> {
  return await fetch(url, { method: "POST", headers, body, redirect: "manual" });
}
