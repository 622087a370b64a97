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
 * The layout of an installation that is not divided. It goes up by one where programs of the layout before could not work on
 * what is written from then on. A new field that they pass over is no new layout: two versions of one layout work side by side.
 */
export const LAYOUT = 1;
/** Added where it is in shards: programs that know of none would look for everything in one place. */
const IN_SHARDS = 1;

// The removal comes first: a Redis that is out of memory takes no script whose first write needs some.
const CLAIM = `
local found = redis.call('HMGET', KEYS[1], 'layout', 'version', 'shards')
local layout = tonumber(found[1] or '0')
local isAnother = found[1] and (found[3] or '1') ~= ARGV[3]
if layout and layout < tonumber(ARGV[1]) and not isAnother then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'layout', ARGV[1], 'version', ARGV[2])
  if ARGV[3] ~= '1' then redis.call('HSET', KEYS[1], 'shards', ARGV[3]) end
end
return found`;

const READ = `return redis.call('HMGET', KEYS[1], 'layout', 'version', 'shards')`;

const foundSchema = z.tuple([z.string().nullable(), z.string().nullable(), z.string().nullable()]);

interface Layout {
  /**
   * Throws DATA_NEWER where a newer program has written, and SHARDS_MISMATCH where the events are divided otherwise; else says
   * from now on that this one has.
   */
  readonly claim: (version: string) => Promise<void>;
  /** The same for whoever only passes by: it says nothing itself. */
  readonly check: (version: string) => Promise<void>;
}

/** `keys` are those of the installation, not of a shard; `layout` is that of this program where it is not divided. */
export function createLayout(redis: Redis, keys: Keys, shards = 1, layout = LAYOUT): Layout {
  const runClaim = prepareScript(redis, CLAIM);
  const runRead = prepareScript(redis, READ);
  const inShards = (isDivided: boolean): number => (isDivided ? layout + IN_SHARDS : layout);
  const compare = (answer: unknown, version: string): void => {
    const [found, foundVersion, divided] = foundSchema.parse(answer);
    if (found === null) return;
    const known = inShards(divided !== null);
    if (!/^\d{1,9}$/.test(found) || Number(found) > known)
      throw newer(
        { layout: known, version },
        { layout: found, version: foundVersion ?? "an unknown version" },
      );
    if ((divided ?? "1") !== String(shards)) throw dividedOtherwise(divided ?? "1", shards);
  };
  return {
    claim: async (version) =>
      compare(await runClaim([keys.layout], [inShards(shards > 1), version, shards]), version),
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

function dividedOtherwise(found: string, shards: number): HookwaveError {
  return new HookwaveError("SHARDS_MISMATCH", {
    expected: `SHARDS=${found.slice(0, 50)}, as this installation was divided at its first start`,
    got: `${shards}`,
    remedy:
      "give every process the same number; to have another one, begin a new installation under another HOOKWAVE_PREFIX and let the old one run empty: docs/deployment.md",
  });
}
