/** The entry `hookwave/testing`: what tests of senders and receivers need, with any test framework. */
export { FIXTURE_SECRET, type FixtureOptions, type SignedFixture, signedFixture } from "./signed-fixture.ts";
