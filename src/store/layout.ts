/**
 * The layout of what lies in Redis, as a number that every start compares: records outlive programs, and an older one
 * would misread, or bury, what a newer one writes. It decides who may start, and changes no record itself.
 */
import { z } from "zod";
import { HookwaveError } from "../core/errors.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

/**
 * Goes up by one where programs of the layout before could not work on what is written from then on. A new field that
 * they pass over is no new layout: two versions of one layout work side by side.
 */
export const LAYOUT = 1;

// The removal comes first: a Redis that is out of memory takes no script whose first write needs some.
const CLAIM = `
local found = redis.call('HMGET', KEYS[1], 'layout', 'version')
local layout = tonumber(found[1] or '0')
if layout and layout < tonumber(ARGV[1]) then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'layout', ARGV[1], 'version', ARGV[2])
end
return found`;

const READ = `return redis.call('HMGET', KEYS[1], 'layout', 'version')`;

const foundSchema = z.tuple([z.string().nullable(), z.string().nullable()]);

interface Layout {
  /** Throws DATA_NEWER where a newer program has written; else says from now on that this one has. */
  readonly claim: (version: string) => Promise<void>;
  /** The same for whoever only passes by: it says nothing itself. */
  readonly check: (version: string) => Promise<void>;
}

/** `layout` is that of this program. */
export function createLayout(redis: Redis, keys: Keys, layout = LAYOUT): Layout {
  const runClaim = prepareScript(redis, CLAIM);
  const runRead = prepareScript(redis, READ);
  const compare = (answer: unknown, version: string): void => {
    const [found, foundVersion] = foundSchema.parse(answer);
    if (found === null || (/^\d{1,9}$/.test(found) && Number(found) <= layout)) return;
    throw newer({ layout, version }, { layout: found, version: foundVersion ?? "an unknown version" });
  };
  return {
    claim: async (version) => compare(await runClaim([keys.layout], [layout, version]), version),
    check: async (version) => compare(await runRead([keys.layout], []), version),
  };
}

function newer(
  ours: { readonly layout: number; readonly version: string },
  found: { readonly layout: string; readonly version: string },
): HookwaveError {
  const [layout, version] = [found.layout, found.version].map((text) => text.slice(0, 50));
  return new HookwaveError("DATA_NEWER", {
    expected: `data in Redis of layout ${ours.layout} or older, which Hookwave ${ours.version} reads`,
    got: `layout ${layout}, first written by Hookwave ${version}`,
    remedy: "start that version or a newer one, or restore a backup from before the upgrade: docs/backup.md",
  });
}
