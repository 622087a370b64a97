/** Packages that a user may leave out are there for developers, whichever npm installs them. */
import { expect, it } from "vitest";
import { z } from "zod";
import { readRepositoryFile } from "../support/repository.ts";

const named = z.record(z.string(), z.string());
const { optionalDependencies } = z
  .object({ optionalDependencies: named })
  .parse(JSON.parse(readRepositoryFile("package.json")));

it("are named alike for developers and for users", () => {
  const own = z
    .object({ dependencies: named })
    .parse(JSON.parse(readRepositoryFile("test/trace-packages/package.json")));
  expect(own.dependencies).toEqual(optionalDependencies);
});

it("are none that an npm on an older Node leaves out of a clone", () => {
  const { packages } = z
    .object({ packages: z.record(z.string(), z.object({ optional: z.boolean().optional() })) })
    .parse(JSON.parse(readRepositoryFile("package-lock.json")));
  const leftOut = Object.keys(optionalDependencies).filter(
    (name) => packages[`node_modules/${name}`]?.optional !== undefined,
  );
  expect(leftOut).toEqual([]);
});
