/**
 * Answers that hold an event's data: as JSON they are printed as they came, because parsed and written anew the data
 * would not be what was published.
 */
import type { ApiClient, ApiRequest, Shape } from "./api-client.ts";
import type { Invocation } from "./command-line.ts";
import { EXIT } from "./exit-codes.ts";
import { ended, type Report, report } from "./report.ts";
import { withApi } from "./service-access.ts";
import type { Shown } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** `textOf` takes the answer, and its JSON text. */
export async function showAsItCame<Answer>(
  asked: Invocation,
  { write }: Terminal,
  request: ApiRequest,
  shape: Shape<Answer>,
  textOf: (answer: Answer, json: string) => Shown,
): Promise<Report> {
  const { json, answer } = await withApi(asked, (api) => askWithText(api, request, shape));
  if (!asked.has("json")) return report(textOf(answer, json), undefined);
  write(`${json}\n`);
  return ended(EXIT.ok);
}

export async function askWithText<Answer>(api: ApiClient, request: ApiRequest, shape: Shape<Answer>) {
  const json = await api.askText(request);
  return { json, answer: api.read(json, shape) };
}
