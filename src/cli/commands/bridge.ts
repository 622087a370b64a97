/**
 * `hookwave bridge`: the bridge as a command. It says where it reads and where that goes, then its counts as they
 * change, until it is told to end; what it could not make an event of it says at once.
 */
import { readEnvironment } from "../../config/environment.ts";
import { system } from "../../config/system.ts";
import type { BridgeCounts, BridgeNews, BridgeOrigin } from "../../core/bridge.ts";
import { HookwaveError } from "../../core/errors.ts";
import { EVENT_TYPE_IN_WORDS, isEventType } from "../../core/event.ts";
import { readRedisUrl } from "../../core/redis-url.ts";
import { openBridgeProcess } from "../../process/bridge.ts";
import { type Invocation, usage } from "../command-line.ts";
import { printable } from "../printable.ts";
import { type Report, report } from "../report.ts";
import type { Terminal } from "../terminal.ts";
import { listenForStop } from "../told-to-stop.ts";

/** Counts are said so often while they change, */
const LOOK_EVERY_MS = 1_000;
/** and so often in any case. */
const SAY_EVERY_MS = 10_000;
const SHOWN_CHARACTERS = 300;

type Say = (json: object, text: string) => void;

export async function bridge(asked: Invocation, { write }: Terminal): Promise<Report> {
  const origin = originOf(asked);
  const config = readEnvironment();
  const asJson = asked.has("json");
  const say: Say = (json, text) => write(`${asJson ? JSON.stringify(json) : text}\n`);
  const stop = listenForStop(() => undefined);
  const stopping = new AbortController();
  void stop.asked.then(() => stopping.abort());
  try {
    const fromUrl = sourceUrlOf(asked);
    const tell = (news: BridgeNews): void => say(newsJson(news), newsText(news));
    const opened = await openBridgeProcess({ origin, fromUrl, name: nameOf(asked), config, tell });
    const { from, to } = opened;
    say(
      { kind: "started", origin, from, to },
      `bridging the ${origin.kind} ${printable(origin.name, SHOWN_CHARACTERS)} of ${from} to ${origin.type} events on ${to}; Ctrl-C ends it`,
    );
    const silence = sayCounts(opened.counts, say);
    try {
      await opened.run(stopping.signal);
    } finally {
      silence();
      await opened.close();
    }
    const counts = opened.counts();
    return report(`ended: ${countsText(counts)}`, { kind: "ended", ...countsJson(counts) });
  } finally {
    stop.ignore();
  }
}

/** Says the counts until the returned function is called. */
function sayCounts(counts: () => BridgeCounts, say: Say): () => void {
  let [said, saidAt] = ["", system.monotonicMs()];
  const look = (): void => {
    const now = counts();
    const text = countsText(now);
    if (text === said && system.monotonicMs() - saidAt < SAY_EVERY_MS) return;
    [said, saidAt] = [text, system.monotonicMs()];
    say({ kind: "counts", ...countsJson(now) }, text);
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}

function originOf(asked: Invocation): BridgeOrigin {
  const type = asked.one("type") ?? "model.registered";
  if (!isEventType(type)) throw usage(`--type with ${EVENT_TYPE_IN_WORDS}`, shown(type));
  const [list, channel] = [asked.one("list"), asked.one("channel")];
  if (list !== undefined && channel !== undefined) throw usage("--list or --channel", "both");
  if (list) return listOf(asked, list, type);
  if (channel) return channelOf(asked, channel, type);
  throw usage("--list <name> --takeover, or --channel <name>", "neither");
}

function listOf(asked: Invocation, name: string, type: string): BridgeOrigin {
  if (!asked.has("takeover")) throw notTakenOver(name);
  return { kind: "list", name, type };
}

function channelOf(asked: Invocation, name: string, type: string): BridgeOrigin {
  const misplaced = ["takeover", "name"].find(asked.has);
  if (misplaced !== undefined) throw usage(`--${misplaced} with --list`, "it with --channel");
  return { kind: "channel", name, type };
}

function notTakenOver(list: string): HookwaveError {
  return new HookwaveError("USAGE", {
    expected: "--takeover beside --list",
    got: "none",
    remedy: `whoever else pops from ${shown(list)} gets nothing any more once the bridge runs; stop those consumers and say --takeover, or hear the channel`,
  });
}

function nameOf(asked: Invocation): string {
  const name = asked.one("name") ?? "bridge";
  if (/^[\w.-]{1,64}$/.test(name)) return name;
  throw usage("--name with 1 to 64 characters of A–Z a–z 0–9 _ . -", shown(name));
}

/** Undefined when the option is not given. It may hold a password. */
function sourceUrlOf(asked: Invocation): string | undefined {
  const text = asked.one("from");
  if (text === undefined || readRedisUrl(text) !== null) return text;
  throw usage("--from with a URL like redis://localhost:6379", `a text of ${text.length} characters`);
}

function countsText(counts: BridgeCounts): string {
  const { received, published, own, refused, waiting, dropped, disconnectedMs } = counts;
  return [
    `received ${received}`,
    `published ${published} (duplicates unknown)`,
    `own ${own}`,
    `refused ${refused}`,
    `waiting ${waiting}`,
    `dropped ${dropped}`,
    `disconnected ${(disconnectedMs / 1_000).toFixed(1)} s`,
  ].join(", ");
}

function countsJson({ disconnectedMs, isDeaf, ...counts }: BridgeCounts): object {
  const time = new Date(system.now()).toISOString();
  return { time, ...counts, disconnectedSeconds: disconnectedMs / 1_000, isConnected: !isDeaf };
}

function newsJson(news: BridgeNews): object {
  return { ...news, time: new Date(system.now()).toISOString() };
}

function newsText(news: BridgeNews): string {
  const side = "side" in news && news.side === "source" ? "the Redis that is read" : "Hookwave";
  switch (news.kind) {
    case "refused":
      return `refused a message of ${news.bytes} bytes (sha256 ${news.digest}): ${printable(news.problem, SHOWN_CHARACTERS)}`;
    case "trouble":
      return `trouble with ${side}, trying again: ${printable(news.error.message, SHOWN_CHARACTERS)}`;
    case "recovered":
      return `${side} is back`;
  }
}

const shown = (text: string): string => JSON.stringify(text.slice(0, SHOWN_CHARACTERS));
