/**
 * The time `verify` takes for a body of 2 KB, per profile, one after the other in one process: `node
 * bench/receiver.ts`. The median is what is promised (60 µs for `standard`); the rest shows what the others cost.
 */
import { PROFILE_NAMES } from "../src/core/endpoint.ts";
import { verify } from "../src/receiver/index.ts";
import { FIXTURE_SECRET, signedFixture } from "../src/testing/signed-fixture.ts";

const WARM_UP = 5_000;
const CALLS = 20_000;
const OTHER_SECRET = "whsec_XYZd6uBvvTT+nOhI8+X8Q2jy9hKxiu9H8p8hZFY6AUA=";
const data = { text: "x".repeat(1_900) };

async function timeOf(call: () => Promise<unknown>): Promise<readonly number[]> {
  for (let n = 0; n < WARM_UP; n += 1) await call();
  const times: number[] = [];
  for (let n = 0; n < CALLS; n += 1) {
    const startedAt = performance.now();
    await call();
    times.push((performance.now() - startedAt) * 1_000);
  }
  return times.toSorted((one, other) => one - other);
}

const at = (times: readonly number[], part: number): string =>
  (times[Math.floor(times.length * part)] ?? 0).toFixed(1).padStart(7);

async function report(title: string, call: () => Promise<unknown>): Promise<void> {
  const times = await timeOf(call);
  console.log(`${title.padEnd(26)}${at(times, 0.5)} ${at(times, 0.99)}`);
}

const HMAC = { name: "HMAC", hash: "SHA-256" };
const twoKilobytes = new Uint8Array(2_048);

console.log("a body of 2 KB              p50 µs  p99 µs");
await report("WebCrypto's HMAC alone", async () => {
  const key = await crypto.subtle.importKey("raw", twoKilobytes.subarray(0, 32), HMAC, false, ["sign"]);
  return await crypto.subtle.sign("HMAC", key, twoKilobytes);
});
for (const profile of PROFILE_NAMES) {
  const { body, headers, url } = signedFixture({ profile, data });
  const bytes = new TextEncoder().encode(body);
  const options = { profile, targetUri: url };
  for (const secrets of [[FIXTURE_SECRET], [OTHER_SECRET, FIXTURE_SECRET]])
    await report(`${profile}, ${secrets.length} secret(s)`, () => verify(bytes, headers, secrets, options));
}
