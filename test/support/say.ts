/** The end of a command line, run in this process: for commands that need no environment of their own. */
import { type Finished, runCommand } from "./command.ts";

export const say = (...words: readonly string[]): Promise<Finished> => runCommand(words);
