/**
 * Draws what takes a while: lines that stay, and one progress bar below them that is drawn over. Where nothing can be
 * drawn over (a pipe, a CI log) the bar becomes a line at each quarter.
 */
import type { Terminal } from "./terminal.ts";

export interface Screen {
  readonly line: (text: string) => void;
  /** `fraction` from 0 to 1. */
  readonly progress: (fraction: number, label: string) => void;
  /** Takes the bar away. */
  readonly clear: () => void;
}

const BAR_CELLS = 32;
const ERASE_LINE = "\r\u001b[2K";

export function createScreen(terminal: Terminal): Screen {
  return terminal.isInteractive ? createLiveScreen(terminal) : createPlainScreen(terminal);
}

/** For `--json`: the audience is a program that wants the summary only. */
export const darkScreen: Screen = {
  line: () => undefined,
  progress: () => undefined,
  clear: () => undefined,
};

function createLiveScreen({ write, style }: Terminal): Screen {
  let bar = "";
  return {
    line: (text) => write(`${bar === "" ? "" : ERASE_LINE}${text}\n${bar}`),
    progress: (fraction, label) => {
      const filled = Math.round(clamp(fraction) * BAR_CELLS);
      const cells = style("cyan", "━".repeat(filled)) + style("dim", "─".repeat(BAR_CELLS - filled));
      bar = `  ${cells}  ${style("dim", label)}`;
      write(`${ERASE_LINE}${bar}`);
    },
    clear: () => {
      if (bar !== "") write(ERASE_LINE);
      bar = "";
    },
  };
}

function createPlainScreen({ write }: Terminal): Screen {
  let quartersShown = 0;
  return {
    line: (text) => write(`${text}\n`),
    progress: (fraction, label) => {
      const quarters = Math.floor(clamp(fraction) * 4);
      if (quarters <= quartersShown) return;
      quartersShown = quarters;
      write(`  ${quarters * 25} %  ${label}\n`);
    },
    clear: () => undefined,
  };
}

const clamp = (fraction: number): number => Math.min(1, Math.max(0, fraction));
