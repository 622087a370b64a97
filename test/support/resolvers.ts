/** Resolvers whose clock goes on only as a test says, with files of its own; and the closing of all that it opened. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NameFilePaths } from "../../src/deliver/name-files.ts";
import { createNameResolver, type Lookup, type NameResolverOptions } from "../../src/deliver/resolver.ts";
import type { NameReply, Zone } from "./name-server.ts";

export const at = (...addresses: readonly string[]): NameReply => ({ addresses });
export const always =
  (reply: NameReply): Zone =>
  () =>
    reply;

export interface TestResolver {
  /** The addresses of a name, for somebody who waits as long as it takes. */
  readonly find: (name: string) => Promise<readonly string[]>;
  readonly lookup: Lookup;
  readonly close: () => void;
  readonly later: (ms: number) => void;
}

export function openResolvers(): {
  readonly open: (servers: readonly string[], options?: Partial<NameResolverOptions>) => TestResolver;
  /** Of the test's own files, which do not exist until it writes them. */
  readonly paths: () => NameFilePaths;
  readonly closeAll: () => Promise<void>;
} {
  const opened: { readonly close: () => void }[] = [];
  let directory: string | null = null;
  const paths = (): NameFilePaths => {
    directory ??= mkdtempSync(join(tmpdir(), "hookwave-names-"));
    return { hosts: join(directory, "hosts"), resolvConf: join(directory, "resolv.conf") };
  };
  return {
    open: (servers, options = {}) => {
      let clockMs = 0;
      const { lookup, close } = createNameResolver({
        servers,
        now: () => clockMs,
        files: paths(),
        ...options,
      });
      opened.push({ close });
      return {
        find: async (name) =>
          (await lookup(name, new AbortController().signal)).map(({ address }) => address),
        lookup,
        close,
        later: (ms) => {
          clockMs += ms;
        },
      };
    },
    paths,
    closeAll: async () => {
      for (const { close } of opened.splice(0)) close();
      if (directory !== null) await rm(directory, { recursive: true, force: true });
      directory = null;
    },
  };
}
