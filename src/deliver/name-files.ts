/**
 * The two files by which a machine knows names itself: its hosts file, and resolv.conf, of which only the search list is read
 * here (c-ares reads the servers). Both are read again once they have changed. A file that is not there says nothing.
 */

import type { LookupAddress } from "node:dns";
import { readFile, stat } from "node:fs/promises";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { codeOf } from "../core/errors.ts";
import { isLoopbackAddress } from "./address-guard.ts";
import { asLookupAddress, inOrder } from "./address-order.ts";

export interface NameFilePaths {
  readonly hosts: string;
  readonly resolvConf: string;
}

/** Ways to complete a name. A new object each time that the file has changed. */
export interface Search {
  readonly domains: readonly string[];
  /** A name with as many dots is asked for as it is before anything is added to it. */
  readonly ndots: number;
}

interface NameFiles {
  /** Addresses that need no server; empty for a name that has to be asked for. `name` is in lower case. */
  readonly addressesOf: (name: string) => Promise<readonly LookupAddress[]>;
  readonly search: () => Promise<Search>;
}

export const SYSTEM_FILES: NameFilePaths = { hosts: "/etc/hosts", resolvConf: "/etc/resolv.conf" };

/** As glibc has it. */
const NDOTS_DEFAULT = 1;
const NDOTS_MAX = 15;
const LOOK_AGAIN_MS = 1_000;
const ABSENT = new Set(["ENOENT", "ENOTDIR", "EACCES"]);
const LOOPBACK: readonly LookupAddress[] = ["::1", "127.0.0.1"].map(asLookupAddress);

/** `now` is a monotonic clock in ms. */
export function openNameFiles(paths: NameFilePaths, now: () => number): NameFiles {
  const hosts = watchedFile(paths.hosts, readHosts, now);
  const search = watchedFile(paths.resolvConf, readSearch, now);
  return {
    addressesOf: async (hostname) => {
      const name = hostname.replace(/\.$/, "");
      const listed = (await hosts()).get(name) ?? [];
      if (!isLocalhost(name)) return inOrder(listed);
      // RFC 6761 §6.3: it is this machine, whatever anybody says.
      const own = listed.filter(({ address }) => isLoopbackAddress(address));
      return inOrder(own.length > 0 ? own : LOOPBACK);
    },
    search,
  };
}

/** The names to ask for, one after the other. */
export function candidates(name: string, { domains, ndots }: Search): readonly string[] {
  if (name.endsWith(".")) return [name.slice(0, -1)];
  const completed = domains.map((domain) => `${name}.${domain}`);
  return name.split(".").length > ndots ? [name, ...completed] : [...completed, name];
}

const isLocalhost = (name: string): boolean => name === "localhost" || name.endsWith(".localhost");

/** The content of a file that is looked at again once a second at most. */
function watchedFile<Content>(
  path: string,
  read: (text: string) => Content,
  now: () => number,
): () => Promise<Content> {
  let content = read("");
  let version = "";
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | null = null;
  const look = async (): Promise<void> => {
    const found = await versionOf(path);
    if (found !== version) content = read(found === "" ? "" : await readFile(path, "utf8"));
    version = found;
    lookedAt = now();
  };
  return async () => {
    if (now() - lookedAt >= LOOK_AGAIN_MS) {
      looking ??= look().finally(() => {
        looking = null;
      });
      await looking;
    }
    return content;
  };
}

/** Empty for a file that is not there, or that we may not read. */
async function versionOf(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch (error) {
    if (ABSENT.has(codeOf(error) ?? "")) return "";
    throw error;
  }
}

/** hosts(5); an address with a zone is left out, because it names an interface of ours. */
function readHosts(text: string): ReadonlyMap<string, readonly LookupAddress[]> {
  const hosts = new Map<string, readonly LookupAddress[]>();
  for (const [address = "", ...names] of fieldsOf(text)) {
    if (isIP(address) === 0 || address.includes("%")) continue;
    for (const name of names.map((one) => one.toLowerCase().replace(/\.$/, "")))
      hosts.set(name, [...(hosts.get(name) ?? []), asLookupAddress(address)]);
  }
  return hosts;
}

/** resolv.conf(5): the last `search` or `domain` counts; without one, it is the domain of this machine's own name. */
function readSearch(text: string): Search {
  let domains = [hostname().split(".").slice(1).join(".")];
  let ndots = NDOTS_DEFAULT;
  for (const [keyword, ...values] of fieldsOf(text)) {
    if (keyword === "search") domains = values;
    if (keyword === "domain") domains = values.slice(0, 1);
    if (keyword === "options") ndots = ndotsIn(values) ?? ndots;
  }
  return { domains: domains.map((one) => one.replace(/\.$/, "")).filter((one) => one !== ""), ndots };
}

function ndotsIn(options: readonly string[]): number | null {
  const digits = options
    .map((option) => /^ndots:(\d+)$/.exec(option)?.[1])
    .findLast((one) => one !== undefined);
  return digits === undefined ? null : Math.min(Number(digits), NDOTS_MAX);
}

/** The words of each line, without comments. */
function fieldsOf(text: string): readonly (readonly string[])[] {
  return text
    .split("\n")
    .map((line) => line.replace(/[#;].*/, "").trim())
    .filter((line) => line !== "")
    .map((line) => line.split(/\s+/));
}
