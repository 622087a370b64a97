/**
 * The commands and the OpenAPI document: each request that a command makes is one that the document describes, whatever
 * options it is given. A command or an option that is in no line below fails, too.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CommandSpec } from "../../src/cli/command-spec.ts";
import { COMMANDS } from "../../src/cli/grammar.ts";
import { listenOptions, type OptionSpec, optionsFor, serviceOptions } from "../../src/cli/options.ts";
import { ROTATION } from "../../src/endpoints/rotation.ts";
import { SETTINGS } from "../../src/endpoints/settings.ts";
import { runCommand } from "../support/command.ts";
import { describedRequests } from "../support/described-requests.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { until } from "../support/until.ts";
import { startWebhookService, type WebhookService } from "../support/webhooks.ts";

const KEY = "k".repeat(32);
const SPAN = "--since 2h --until 2099-01-01T00:00:00Z";
const PLACE = "--limit 3 --after 0";
const LETTERS = `--endpoint sick --type thing.* --reason exhausted ${SPAN}`;
const SOURCE =
  "--profile hmac --secret s --on-invalid flag --description d --signature-header x-own --signed-content body";

/** Each command, with each of its options; in an order in which what it takes several requests to do is done. */
const LINES = [
  "endpoints add URL --id sick --events thing.* --max-retries 0",
  "publish thing.made {} --id evt_1 --timestamp 2026-01-31T12:00:00Z --durability redis",
  "trigger model.registered --id evt_2",
  "status",
  "doctor --endpoint well --endpoint sick",
  `events list --type thing.* --since 2h ${PLACE}`,
  "events show evt_1",
  "why evt_1",
  "why evt_1 sick",
  "events replay evt_1 --endpoint sick",
  `deliveries list --event evt_1 --endpoint sick --status buried ${SPAN} ${PLACE}`,
  "deliveries show evt_1.sick",
  "deliveries retry evt_1.sick",
  "deliveries cancel evt_1.sick",
  `audit --target sick --action endpoint.created --by command ${PLACE}`,
  "endpoints list",
  "endpoints show sick",
  "endpoints set sick --url URL --timeout 3s",
  "endpoints test sick --type thing.tested --data {}",
  `endpoints logs sick --status failed --type thing.* ${SPAN} ${PLACE}`,
  "endpoints stats sick",
  "endpoints disable sick --because tried",
  "endpoints enable sick",
  "endpoints enable sick --replay --rate 10 --since 2026-01-31T12:00:00Z",
  "endpoints rotate sick --grace 1h",
  `dead-letters list ${LETTERS} ${PLACE}`,
  "dead-letters show evt_1.sick",
  "dead-letters replay evt_1.sick",
  `dead-letters replay --all --rate 7 --to sick ${LETTERS}`,
  `replays list ${PLACE}`,
  "replays show rpl_1",
  "replays pause rpl_1",
  "replays resume rpl_1",
  "replays cancel rpl_1",
  `dead-letters purge --yes ${LETTERS}`,
  `sources add one ${SOURCE}`,
  "sources list",
  "sources show one",
  `sources set one ${SOURCE}`,
  `callbacks list --source one --type thing.* --signature invalid --unseen ${SPAN} ${PLACE}`,
  "callbacks show cb_1",
  "callbacks seen cb_1",
  "callbacks forward cb_1 --endpoint sick",
  "sources remove one",
  "keys create mine --role read --role publish",
  "keys list",
  "keys revoke key_1",
  "migration status",
  "migration set dual --for 1h --reason tried --backlog deliver --percent 10",
  "migration report --since 1h --min-events 1 --listeners 1 --p99 5s",
  "endpoints remove sick",
];

/** These go on until Ctrl-C: with a key that is none, they end at their first request. */
const ENDLESS = [
  "tail --endpoint sick --outcome failed --type thing.*",
  "listen --events thing.* --port 0",
  "migration watch --for 1s --grace 1s --from REDIS --channel bus --endpoint sick",
];

/** Settings have a test of their own; and the rest of what `listen` takes is for the receiver that it is. */
const ELSEWHERE: Readonly<Record<string, readonly OptionSpec[]>> = {
  "endpoints add": optionsFor(SETTINGS),
  "endpoints set": optionsFor(SETTINGS),
  "endpoints rotate": optionsFor(ROTATION),
  listen: listenOptions,
};

const stack = new AsyncDisposableStack();
let service: WebhookService;
let sick: Receiver;
beforeAll(async () => {
  service = stack.use(await startWebhookService({ apiKey: KEY, breakerFailureThreshold: 10_000 }));
  sick = stack.use(await startReceiver((response) => response.writeHead(503).end()));
});
afterAll(() => stack.disposeAsync());

const run = (line: string, key = KEY) =>
  runCommand(
    line.split(" ").map((word) => ({ URL: sick.url, REDIS: service.redis.url })[word] ?? word),
    { HOOKWAVE_URL: service.api.url, HOOKWAVE_API_KEY: key, ALLOW_HTTP: "true" },
  );

describe("every command of the service", () => {
  it("asks for operations of the OpenAPI document, with parameters and bodies that it describes", async () => {
    using requests = describedRequests();
    for (const line of LINES) {
      const { stderr } = await run(line);
      expect(stderr, line).not.toMatch(/USAGE|REQUEST_INVALID|API_UNAVAILABLE/);
      if (line.startsWith("publish"))
        await until("it is given up", () =>
          service.hookwave.deadLetters
            .list({}, { after: null, limit: 1 })
            .then(({ data }) => data.length > 0),
        );
    }
    for (const line of ENDLESS)
      expect((await run(line, "x".repeat(32))).stderr, line).toContain("UNAUTHENTICATED");

    expect(requests.problems()).toEqual([]);
    expect(requests.operations()).toEqual(
      expect.arrayContaining(["explainEvent", "createReplay", "getReplay", "watchAttempts"]),
    );
  });

  it("is in these lines with all its options", () => {
    const words = [...LINES, ...ENDLESS].map((line) => line.split(" "));
    const isRemote = ({ options }: CommandSpec) => serviceOptions.every((one) => options.includes(one));
    const missing = COMMANDS.filter(isRemote).flatMap(({ name, options }) => {
      const own = words.filter((line) => line.slice(0, name.split(" ").length).join(" ") === name).flat();
      const elsewhere = [...serviceOptions, ...(ELSEWHERE[name] ?? [])].map((one) => one.name);
      const left = options.filter((one) => !elsewhere.includes(one.name) && !own.includes(`--${one.name}`));
      return own.length === 0 ? [name] : left.map((one) => `${name} --${one.name}`);
    });
    expect(missing).toEqual([]);
  });
});
