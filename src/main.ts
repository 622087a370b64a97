#!/usr/bin/env node
/** The `hookwave` command: from the words it was called with to the code it ends with. */
import { run } from "./cli/run.ts";
import { processTerminal } from "./cli/terminal.ts";

// The reader may have had enough (`hookwave dead-letters list | head`): no reason to fail.
process.stdout.on("error", () => process.exit());

const exitCode = await run(process.argv.slice(2), processTerminal);
// Everything is closed and written by now. Left alone, timers of connections that were refused would keep the
// process for two seconds more.
process.stdout.write("", () => process.exit(exitCode));
