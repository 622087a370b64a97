/** Loaded into a process before everything else: plants the defects that CHAOS_DEFECT names. */
import { registerHooks } from "node:module";
import { DEFECTS } from "./defects.ts";

const names = (process.env["CHAOS_DEFECT"] ?? "").split(",");
for (const name of names) {
  const defect = DEFECTS[name];
  if (defect === undefined) throw new Error(`expected a defect of defects.ts in CHAOS_DEFECT, got "${name}"`);
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(defect.module)) return loaded;
      const source = String(loaded.source);
      if (source.split(defect.text).length !== 2)
        throw new Error(`expected ${defect.module} to hold once: ${defect.text}`);
      return { ...loaded, source: source.replace(defect.text, () => defect.instead) };
    },
  });
}
