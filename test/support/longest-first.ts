/**
 * The order in which files run: those that are known to take longest first, so that none of them is still running
 * when all the others are done. Vitest orders by what it remembers of the last run, which a fresh clone has none of.
 */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Those that take 5 s and more. */
const LONGEST = [
  "integration/console-callbacks-page.deep.test.ts",
  "integration/console-overview-page.deep.test.ts",
  "integration/replays.test.ts",
  "integration/demo.test.ts",
  "integration/bridge-list.test.ts",
  "integration/redis-trouble.test.ts",
  "integration/alien-jobs.deep.test.ts",
  "integration/alien-flood.deep.test.ts",
  "integration/crash.test.ts",
  "integration/lost-jobs.deep.test.ts",
  "integration/clock.deep.test.ts",
  "integration/cli-migration.test.ts",
  "integration/migration-faults.deep.test.ts",
  "integration/bridge-channel.deep.test.ts",
  "integration/durability.test.ts",
  "integration/rate-limit.test.ts",
  "docs/examples.deep.test.ts",
  "docs/receiver-examples.deep.test.ts",
  "integration/silent-redis.test.ts",
  "integration/bridge-refusals.deep.test.ts",
  "integration/api-migration.test.ts",
  "integration/api-bus.test.ts",
  "integration/start.test.ts",
  "chaos/killed-at-each-write.deep.test.ts",
  "fuzz/api.test.ts",
  "unit/receiver/inbox.test.ts",
  "docs/migration.test.ts",
  "unit/publish/publisher.test.ts",
  "docs/receiving.test.ts",
] as const;

const rankOf = ({ moduleId }: TestSpecification): number => {
  const at = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}`));
  return at === -1 ? LONGEST.length : at;
};

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((one, other) => rankOf(one) - rankOf(other));
  }
}
