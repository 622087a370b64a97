/** Redis behind TLS, with certificates of an authority of the test's own. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Authority, createAuthority } from "./certificates.ts";
import { freshDirectory } from "./command.ts";
import { keptPort } from "./kept-port.ts";
import { startRedis, type TestRedis } from "./service.ts";

export interface TlsFiles extends AsyncDisposable {
  readonly authority: Authority;
  /** The name in the servers' certificate. */
  readonly host: string;
  readonly caFile: string;
  /** Names and values of a server's settings, each of which may be an argument or a line of its file. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** A file beside the others. */
  readonly write: (name: string, text: string) => Promise<string>;
}

export interface TlsOptions {
  /** The name in its certificate; 127.0.0.1 when absent. */
  readonly host?: string;
  /** Does it ask for a certificate of whoever connects? */
  readonly asksClients?: boolean;
}

/** An authority, and a certificate of it for servers of one name, which show it also where they are clients. */
export async function writeTlsFiles({
  host = "127.0.0.1",
  asksClients = false,
}: TlsOptions = {}): Promise<TlsFiles> {
  const directory = await freshDirectory();
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(directory.path, name);
    await writeFile(path, text);
    return path;
  };
  const authority = createAuthority();
  const { cert, key } = authority.issue(host);
  const caFile = await write("ca.pem", authority.cert);
  return {
    ...{ authority, host, caFile, write },
    settings: [
      ["tls-cert-file", await write("cert.pem", cert)],
      ["tls-key-file", await write("key.pem", key)],
      ["tls-ca-cert-file", caFile],
      ["tls-auth-clients", asksClients ? "yes" : "no"],
    ],
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

export const tlsArgs = (port: number, { settings }: TlsFiles): readonly string[] => [
  ...["--tls-port", `${port}`],
  ...settings.flatMap(([name, value]) => [`--${name}`, value]),
];

/** The same of a server that is also another's master or replica: they talk by TLS to each other. */
export const tlsReplicaArgs = (port: number, files: TlsFiles): readonly string[] => [
  ...tlsArgs(port, files),
  ...["--tls-replication", "yes"],
];

export interface TlsRedis extends TestRedis, Omit<TlsFiles, "settings"> {
  /** Its port for TLS; that of `url` is plain. */
  readonly port: number;
  readonly tlsUrl: string;
}

export async function startTlsRedis(options: TlsOptions = {}): Promise<TlsRedis> {
  const files = await writeTlsFiles(options);
  const port = await keptPort();
  const redis = await startRedis(...tlsArgs(port, files));
  return {
    ...files,
    ...redis,
    ...{ port, tlsUrl: `rediss://127.0.0.1:${port}` },
    [Symbol.asyncDispose]: async () => {
      await redis[Symbol.asyncDispose]();
      await files[Symbol.asyncDispose]();
    },
  };
}
