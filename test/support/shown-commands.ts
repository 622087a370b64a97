/** Runs commands as a page shows them: ours in this process, and the few options of curl that pages use. */
import { spawnSync } from "node:child_process";
import { runCommand } from "./command.ts";

/** The address at which pages show the service. */
const SHOWN_URL = "http://127.0.0.1:8420";

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
}

/** A shell splits them, so that quotes mean what they mean to a reader who pastes them. */
function wordsOf(command: string): readonly string[] {
  const { stdout } = spawnSync("sh", ["-c", `printf '%s\\0' ${command}`]);
  return String(stdout).split("\0").slice(0, -1);
}

/** `apiUrl` is where the service really is. */
export async function runShown(
  command: string,
  apiUrl: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const [program = "", ...words] = wordsOf(command);
  if (program === "npx") return await runCommand(words.slice(1), { HOOKWAVE_URL: apiUrl, ...variables });
  const asked = words.map((word) => word.replace(SHOWN_URL, apiUrl));
  const { method, headers, body } = curlOf(asked);
  const response = await fetch(asked.find((word) => word.startsWith("http")) ?? "", {
    method,
    headers,
    ...(body !== undefined && { body }),
  });
  return { code: response.ok ? 0 : 1, stdout: await response.text() };
}

function curlOf(words: readonly string[]) {
  const after = (option: string): string | undefined =>
    words.includes(option) ? words[words.indexOf(option) + 1] : undefined;
  const [name, value] = (after("-H") ?? "accept: */*").split(": ");
  return { method: after("-X") ?? "GET", headers: { [name ?? ""]: value ?? "" }, body: after("-d") };
}
