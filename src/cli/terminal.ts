/**
 * The two streams a command writes to: results to standard output, everything else to standard error. Colours follow
 * the stream and NO_COLOR (util.styleText looks), so that a pipe gets plain text.
 */
import { styleText } from "node:util";
import type { Style } from "../core/style.ts";

export type { Style } from "../core/style.ts";
export type Hue = Parameters<Style>[0];

export interface Look {
  readonly style: Style;
  /** The width in cells; null where nothing need fit, because it is no terminal. */
  readonly columns: number | null;
}

/** Its own look is that of standard output. */
export interface Terminal extends Look {
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Can a line be drawn over? */
  readonly isInteractive: boolean;
  /** The look of standard error. */
  readonly errors: Look;
}

export const processTerminal: Terminal = {
  write: (text) => {
    process.stdout.write(text);
  },
  writeError: (text) => {
    process.stderr.write(text);
  },
  isInteractive: process.stdout.isTTY === true,
  ...lookOf(process.stdout),
  errors: lookOf(process.stderr),
};

function lookOf(stream: NodeJS.WriteStream): Look {
  return {
    style: (hue, text) => styleText(hue, text, { stream }),
    // A terminal that does not know its width says 0.
    columns: stream.isTTY && stream.columns > 0 ? stream.columns : null,
  };
}
