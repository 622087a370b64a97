/**
 * `hookwave publish`: one event from the words of a command line, a file or standard input. The data is sent as
 * the bytes it came in: its text goes into the request as it is, and is never written anew.
 */
import { storedEvent } from "../../api/routes/events.ts";
import { DURABILITIES } from "../../core/durability.ts";
import type { Invocation } from "../command-line.ts";
import { readData } from "../input.ts";
import { printable } from "../printable.ts";
import { type Report, report } from "../report.ts";
import { askApi } from "../service-access.ts";
import { choice } from "../values.ts";

/** A name in it may be as long as the producer made it. */
const WARNING_MAX = 300;

export async function publish(asked: Invocation): Promise<Report> {
  const [type = "", source = ""] = asked.operands;
  const dataText = await readData(source);
  const event = JSON.stringify({ type, id: asked.one("id"), timestamp: asked.one("timestamp") });
  const query = { durability: choice(asked, "durability", DURABILITIES) };
  const body = `${event.slice(0, -1)},"data":${dataText}}`;
  const stored = await askApi(asked, { method: "POST", path: ["events"], query, body }, storedEvent);
  const where = stored.on_bus_only === true ? " on the bus only: the store did not answer" : "";
  const warnings = (stored.warnings ?? []).map(({ detail }) => ({
    text: `warning: ${printable(detail, WARNING_MAX)}`,
    hue: "yellow" as const,
  }));
  return report([`published ${stored.id}${where}`, ...warnings], stored);
}
