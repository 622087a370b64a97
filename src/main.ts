#!/usr/bin/env node
/**
 * The `hookwave` command: from the words it was called with to the code it ends with. It looks at Node's version
 * before it imports anything, and is written so that an old Node understands it: no static import, no await outside.
 */

/** As `engines` in package.json has it. */
const OLDEST_NODE = "22.19";
/** EX_CONFIG, as everywhere: only a change of the surroundings can help. */
const EXIT_CONFIGURATION = 78;

const node = process.versions.node;
if (isOlder(node, OLDEST_NODE)) {
  const expectation = `hookwave: expected Node ${OLDEST_NODE} or newer, got ${node}`;
  process.stderr.write(`${expectation}; install a newer one (https://nodejs.org) and put it first on PATH\n`);
  process.exitCode = EXIT_CONFIGURATION;
} else {
  void runAndExit();
}

async function runAndExit(): Promise<void> {
  const { run } = await import("./cli/run.ts");
  const { processTerminal } = await import("./cli/terminal.ts");
  // The reader may have had enough (`hookwave dead-letters list | head`): no reason to fail.
  process.stdout.on("error", () => process.exit());
  const exitCode = await run(process.argv.slice(2), processTerminal);
  // Everything is closed and written by now. Left alone, timers of connections that were refused would keep the
  // process for two seconds more.
  process.stdout.write("", () => process.exit(exitCode));
}

/** By major and minor version. */
function isOlder(found: string, oldest: string): boolean {
  const [major = 0, minor = 0] = found.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split(".").map(Number);
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
}
