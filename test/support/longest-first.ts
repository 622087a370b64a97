/**
 * The order in which files run: those that are known to take longest first, so that none of them is still running
 * when all the others are done. Vitest orders by what it remembers of the last run, which a fresh clone has none of.
 */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Those that take 5 s and more at the depth of `npm test`. */
const LONGEST = [
  "integration/console-callbacks-page.test.ts",
  "integration/console-overview-page.test.ts",
  "integration/replays.test.ts",
  "integration/demo.test.ts",
  "integration/bridge-list.test.ts",
  "integration/redis-trouble.test.ts",
  "integration/alien-jobs.test.ts",
  "integration/alien-flood.test.ts",
  "integration/crash.test.ts",
  "integration/lost-jobs.test.ts",
  "integration/clock.test.ts",
  "integration/cli-migration.test.ts",
  "integration/migration-faults.test.ts",
  "integration/bridge-channel.test.ts",
  "integration/durability.test.ts",
  "integration/rate-limit.test.ts",
  "docs/examples.test.ts",
  "docs/receiver-examples.test.ts",
  "integration/silent-redis.test.ts",
  "integration/bridge-refusals.test.ts",
  "integration/api-migration.test.ts",
  "integration/api-bus.test.ts",
  "integration/start.test.ts",
  "chaos/killed-at-each-write.test.ts",
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
