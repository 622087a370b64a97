/** Mistakes of whoever tries the commands for the first time: each is answered with what was expected, what came, what to do. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, startApi } from "../support/api.ts";
import { runCommand } from "../support/command.ts";
import { startHookwave, startRedis, type TestHookwave } from "../support/service.ts";

const stack = new AsyncDisposableStack();
let hookwave: TestHookwave;
let api: Api;
beforeAll(async () => {
  const strict = { allowHttp: false, allowPrivateNetworks: [] };
  hookwave = stack.use(await startHookwave(stack.use(await startRedis()), strict));
  api = stack.use(await startApi(hookwave));
});
afterAll(() => stack.disposeAsync());

async function refusalOf(...words: readonly string[]) {
  const at = words.includes("--api") ? [] : ["--api", api.url];
  const { code, stdout, stderr } = await runCommand([...words, ...at, "--json"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  return JSON.parse(stderr).error;
}

describe("an id that is none", () => {
  it.each([
    "dead-letters show",
    "deliveries show",
    "events show",
    "why",
    "endpoints show",
    "replays show",
    "sources show",
    "callbacks show",
    "keys revoke",
  ])("given to %s is answered with the command that lists them", async (command) => {
    const [family = ""] = command.replace("why", "events show").split(" ");
    expect(await refusalOf(...command.split(" "), "nope")).toMatchObject({
      code: expect.stringMatching(/_UNKNOWN$/),
      expected: expect.stringMatching(/^the id of an? /),
      got: '"nope"',
      remedy: expect.stringContaining(`\`hookwave ${family} list\``),
    });
  });
});

describe("a service that does not run", () => {
  it("is said to be missing, with how to start or name it", async () => {
    const gone = await startApi(hookwave);
    await gone.close();
    expect(await refusalOf("status", "--api", gone.url)).toMatchObject({
      code: "API_UNAVAILABLE",
      expected: `an answer of Hookwave's API from ${gone.url}`,
      got: "ECONNREFUSED",
      remedy: expect.stringContaining("start the service"),
    });
  });
});

describe("a receiver's URL", () => {
  it.each([
    [
      "https://127.0.0.1/hook",
      /not a public one; ALLOW_PRIVATE_NETWORKS with 127\.0\.0\.0\/8 in it opens it/,
    ],
    ["https://10.1.2.3/hook", /not a public one; ALLOW_PRIVATE_NETWORKS with 10\.0\.0\.0\/8 in it opens it/],
    ["https://localhost/hook", /this machine; ALLOW_PRIVATE_NETWORKS with 127\.0\.0\.0\/8 in it opens it/],
    [
      "https://receiver/hook",
      /private networks only; ALLOW_PRIVATE_NETWORKS with its network in it opens it/,
    ],
    ["http://receiver.example.com/hook", /not https; plain http needs ALLOW_HTTP=true/],
    ["receiver.example.com/hook", /does not begin with https:\/\/ and a host/],
  ])("%s is refused with the setting that would let it be, or the form it has to have", async (url, got) => {
    const refused = await refusalOf("endpoints", "add", url);
    expect(refused).toMatchObject({ code: "ENDPOINT_INVALID", got: expect.stringMatching(got) });
  });
});
