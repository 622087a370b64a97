/** docs/reference.md calls every member of what the package gives; that its calls work, another test shows. */
import { expect, it } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { createHookwave, createPublisher } from "../../src/index.ts";
import { examplesOf } from "../support/doc-examples.ts";
import { readRepositoryFile } from "../support/repository.ts";

it("names every member of publisher, client and service", async () => {
  const redisUrl = "redis://127.0.0.1:1";
  const hookwave = await createHookwave({ redisUrl, encryptionKey: Buffer.alloc(32), logger: false });
  const publisher = createPublisher({ redisUrl, logger: false });
  const code = (await examplesOf("docs/reference.md", "ts")).join("\n");
  const [, served = ""] = readRepositoryFile("docs/reference.md").split("### Members that the API");
  const all = {
    ...Object.fromEntries(membersOf(hookwave).map((name) => [`hookwave.${name}`, name])),
    ...Object.fromEntries(membersOf(publisher).map((name) => [`publisher.${name}`, name])),
    ...Object.fromEntries(
      membersOf(createClient({ url: "http://localhost" })).map((name) => [`client.${name}`, name]),
    ),
  };
  const isNamed = ([call, name]: readonly [string, string]): boolean =>
    new RegExp(`\\b${call.replaceAll(".", "\\.")}\\b`).test(code) ||
    served.includes(`\`${name}\``) ||
    served.includes(`\`${name.split(".")[0]}\``);
  expect(
    Object.entries(all)
      .filter((one) => !isNamed(one))
      .map(([call]) => call),
  ).toEqual([]);
  await Promise.all([hookwave.close(), publisher.close()]);
});

/** "publish", "endpoints.add"; what only our own listeners are told is no member of the type. */
function membersOf(of: object): readonly string[] {
  return Object.entries(of).flatMap(([name, member]) =>
    typeof member === "function"
      ? [name]
      : Object.keys(member)
          .map((inner) => `${name}.${inner}`)
          .filter((path) => path !== "metrics.tell"),
  );
}
