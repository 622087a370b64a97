/**
 * The two streams a command writes to: results to standard output, everything else to standard error. Colours follow
 * the stream and NO_COLOR (util.styleText looks), so that a pipe gets plain text.
 */
import { styleText } from "node:util";

export type Style = (look: "bold" | "dim" | "red" | "green" | "yellow" | "cyan", text: string) => string;

export interface Terminal {
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Can a line be drawn over? */
  readonly isInteractive: boolean;
  readonly style: Style;
}

export const processTerminal: Terminal = {
  write: (text) => {
    process.stdout.write(text);
  },
  writeError: (text) => {
    process.stderr.write(text);
  },
  isInteractive: process.stdout.isTTY === true,
  style: (look, text) => styleText(look, text, { stream: process.stdout }),
};
