/**
 * `hookwave publish`: one event from the words of a command line, a file or standard input. The data is sent as
 * the bytes it came in, so it is checked here and never written anew.
 */
import { DURABILITIES, type Durability, isDurability } from "../../core/durability.ts";
import { HookwaveError } from "../../core/errors.ts";
import { type Invocation, usage } from "../command-line.ts";
import { readInput } from "../input.ts";
import { type Report, report } from "../report.ts";
import { withPublisher } from "../service-access.ts";

export async function publish(asked: Invocation): Promise<Report> {
  const [type = "", source = ""] = asked.operands;
  const dataText = await readData(source);
  const id = asked.one("id");
  const timestamp = asked.one("timestamp");
  const durability = readDurability(asked.one("durability"));
  const receipt = await withPublisher(asked, durability, (publisher) =>
    publisher.publish({
      type,
      dataText,
      ...(id === undefined ? {} : { id }),
      ...(timestamp === undefined ? {} : { timestamp }),
    }),
  );
  return report(`published ${receipt.id}`, { id: receipt.id });
}

function readDurability(level: string | undefined): Durability | undefined {
  if (level === undefined || isDurability(level)) return level;
  throw usage(`--durability with one of ${DURABILITIES.join(", ")}`, JSON.stringify(level));
}

async function readData(source: string): Promise<string> {
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
