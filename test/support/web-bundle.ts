/** An entry as an edge runtime would get it: one minified script, in a realm that has only what the web has. */
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { rolldown } from "rolldown";

export interface Bundle {
  /** As a module, which is what people ship. */
  readonly module: string;
  /** As a script that defines `entry`. */
  readonly script: string;
  /** Modules left to be imported: Node's, or a dependency's. */
  readonly imports: readonly string[];
}

/** `path` below src; the script defines its exports as `entry`. */
export async function bundleEntry(path: string): Promise<Bundle> {
  const input = fileURLToPath(new URL(`../../src/${path}`, import.meta.url));
  // Without Node as a platform, an import of one of its modules stays an import, and is told as one.
  await using bundle = await rolldown({ input, platform: "neutral", external: /^(?![./])/ });
  const [{ code: module, imports }] = (await bundle.generate({ format: "esm", minify: true })).output;
  const [{ code: script }] = (await bundle.generate({ format: "iife", name: "entry" })).output;
  return { module, script, imports };
}

/** Runs a script in a realm without Node: ECMAScript, WebCrypto, text coders and base64, and nothing else. */
export function runWithoutNode(script: string, globals: Readonly<Record<string, unknown>> = {}): unknown {
  const web = { crypto: globalThis.crypto, TextEncoder, TextDecoder, atob, btoa };
  return runInContext(script, createContext({ ...web, ...globals }));
}
