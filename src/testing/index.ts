/** The entry `hookwave/testing`: what tests of senders and receivers need, with any test framework. */
export { type FakeReceiver, type Received, type Reply, startFakeReceiver } from "./fake-receiver.ts";
export { type InboxStoreCheck, inboxStoreChecks } from "./inbox-store-checks.ts";
export { FIXTURE_SECRET, type FixtureOptions, type SignedFixture, signedFixture } from "./signed-fixture.ts";
