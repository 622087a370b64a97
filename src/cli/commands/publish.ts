/**
 * `hookwave publish`: one event from the words of a command line, a file or standard input. The data is sent as
 * the bytes it came in: its text goes into the request as it is, and is never written anew.
 */
import { storedEvent } from "../../api/routes/events.ts";
import { DURABILITIES } from "../../core/durability.ts";
import { HookwaveError } from "../../core/errors.ts";
import { isJsonText } from "../../core/json-text.ts";
import type { Invocation } from "../command-line.ts";
import { readInput } from "../input.ts";
import { type Report, report } from "../report.ts";
import { askApi } from "../service-access.ts";
import { choice } from "../values.ts";

export async function publish(asked: Invocation): Promise<Report> {
  const [type = "", source = ""] = asked.operands;
  const dataText = await readData(source);
  const event = JSON.stringify({ type, id: asked.one("id"), timestamp: asked.one("timestamp") });
  const query = { durability: choice(asked, "durability", DURABILITIES) };
  const body = `${event.slice(0, -1)},"data":${dataText}}`;
  const stored = await askApi(asked, { method: "POST", path: ["events"], query, body }, storedEvent);
  const where = stored.on_bus_only === true ? " on the bus only: the store did not answer" : "";
  return report(`published ${stored.id}${where}`, stored);
}

/** Text that is no JSON by itself could end the data in the request, and go on with members of its own. */
async function readData(source: string): Promise<string> {
  const text = await readText(source);
  if (isJsonText(text)) return text;
  throw new HookwaveError("EVENT_INVALID", {
    expected: "data that is JSON",
    got: `${text.length} characters that are none`,
    remedy: "correct it; a text alone is JSON in double quotes",
  });
}

async function readText(source: string): Promise<string> {
  if (source === "-") return decode(await readInput(source), "standard input");
  if (!source.startsWith("@")) return source;
  const path = source.slice(1);
  return decode(await readInput(path), path);
}

/** Strictly: a decoder that replaces what it cannot read would change what the receiver gets. */
function decode(bytes: Uint8Array, origin: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const got = `${origin}, which is not`;
    const remedy = "convert it to UTF-8";
    throw new HookwaveError("EVENT_INVALID", { expected: "data in UTF-8", got, remedy }, { cause });
  }
}
