/**
 * `hookwave listen`: the listener as a command. It says at once what each request was, until Ctrl-C, and at the end
 * what came in all.
 */
import { form, wholeNumber } from "../../config/forms.ts";
import { system } from "../../config/system.ts";
import { type Invocation, usage } from "../command-line.ts";
import { expectationOf, urlOf } from "../expectation.ts";
import { type Report, report } from "../report.ts";
import type { Terminal } from "../terminal.ts";
import { listenForStop } from "../told-to-stop.ts";
import { DURATION, readOption } from "../values.ts";
import { heardJson, heardText } from "./heard-lines.ts";
import { type Heard, type ListenerOptions, openListener } from "./listener.ts";
import { type OwnEndpoint, openOwnEndpoint, secretsFor } from "./own-endpoint.ts";
import { createTally, summaryText } from "./tally.ts";

const PORT = 8421;
const DELAY_MAX_MS = 600_000;
const SHARE = form("a share from 0 to 1, such as 0.3", (text) =>
  /^(?:0|1|0?\.\d{1,6}|1\.0+)$/.test(text) ? Number(text) : null,
);

export async function listen(asked: Invocation, { write, style }: Terminal): Promise<Report> {
  const options = optionsOf(asked);
  const { forwardTo, expected } = options;
  const forwardedTo = forwardTo === undefined ? null : `${forwardTo.origin}${forwardTo.pathname}`;
  const asJson = asked.has("json");
  const say = (json: object, text: string): void => write(`${asJson ? JSON.stringify(json) : text}\n`);
  const tally = createTally();
  const tell = (heard: Heard): void => {
    const copy = tally.count(heard);
    say(heardJson(heard, copy), heardText(heard, copy, forwardedTo, style));
  };
  const stop = listenForStop(() => undefined);
  const startedAt = system.monotonicMs();
  try {
    const listener = await openListener({ ...options, system, tell });
    const { url } = listener;
    try {
      const own = await openOwnEndpoint(asked, `${url}/`, expected.secrets);
      const opening = { kind: "listening", url, profile: expected.profile, forwardedTo };
      const toOther = forwardedTo === null ? "" : `, and forwards to ${forwardedTo}`;
      const text = `listening on ${style("bold", url)}, any path, for profile ${expected.profile}${toOther}; Ctrl-C ends it`;
      say({ ...opening, ...own?.shown }, `${text}${ownText(own, asked)}`);
      await Promise.race([stop.asked, listener.failed]).finally(own?.remove);
    } finally {
      await listener.close();
    }
    const summary = tally.summary();
    return report(summaryText(summary, system.monotonicMs() - startedAt), { kind: "summary", ...summary });
  } finally {
    stop.ignore();
  }
}

function ownText(own: OwnEndpoint | null, asked: Invocation): string {
  if (own === null) return "";
  const { endpointId, secret } = own.shown;
  const secretText = secret === undefined ? "" : `\nits secret: ${secret}`;
  return `\n${asked.one("events")} comes here as endpoint ${endpointId}, which is removed at the end${secretText}`;
}

function optionsOf(asked: Invocation): Omit<ListenerOptions, "system" | "tell"> {
  const port = readOption(asked, "port", wholeNumber(0, 65_535)) ?? PORT;
  const forwardTo = urlOf(asked, "forward-to");
  if (forwardTo !== undefined && isItself(forwardTo, port))
    throw usage("--forward-to another server", `this one; choose another --port than ${port}`);
  const delayMs = readOption(asked, "delay", DURATION) ?? 0;
  if (delayMs > DELAY_MAX_MS) throw usage("--delay of at most 10m", `${asked.one("delay")}`);
  return {
    port,
    expected: expectationOf(asked, secretsFor(asked)),
    url: urlOf(asked, "url"),
    failRate: readOption(asked, "fail-rate", SHARE) ?? 0,
    delayMs,
    forwardTo,
  };
}

/** Each request would be forwarded for ever. */
const isItself = ({ hostname, port }: URL, listeningOn: number): boolean =>
  port === String(listeningOn) && /^(?:localhost|127\.|\[::1\]$)/.test(hostname);
