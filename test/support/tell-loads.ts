/** Preloaded with `node --import`: tells the URL of every module that the process then loads, on its fourth stream. */
import { writeSync } from "node:fs";
import { registerHooks } from "node:module";

const STREAM = 3;

registerHooks({
  load(url, context, next) {
    writeSync(STREAM, `${url}\n`);
    return next(url, context);
  },
});
