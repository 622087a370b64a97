/** A terminal without colours, width or cursor: a pipe, as far as a command can tell. */
import type { Terminal } from "../../src/cli/terminal.ts";

type Streams = Pick<Terminal, "write" | "writeError">;

export function plainTerminal(streams: Streams): Terminal {
  const look = { style: (_: string, text: string) => text, columns: null };
  return { ...streams, ...look, isInteractive: false, errors: look };
}
