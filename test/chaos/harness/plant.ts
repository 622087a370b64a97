/** Loaded into a process before everything else: plants the defects that CHAOS_DEFECT names. */
import { registerHooks } from "node:module";
import { DEFECTS } from "./defects.ts";
import type { Change } from "./plant-change.ts";

for (const name of (process.env["CHAOS_DEFECT"] ?? "").split(",")) {
  const changes = DEFECTS[name];
  if (changes === undefined)
    throw new Error(`expected a defect of defects.ts in CHAOS_DEFECT, got "${name}"`);
  for (const change of changes) plant(change);
}

function plant({ module, text, instead }: Change): void {
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(module)) return loaded;
      const source = String(loaded.source);
      if (source.split(text).length !== 2) throw new Error(`expected ${module} to hold once: ${text}`);
      return { ...loaded, source: source.replace(text, () => instead) };
    },
  });
}
