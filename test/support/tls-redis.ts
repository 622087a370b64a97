/** A Redis behind TLS, with certificates of an authority of the test's own. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../src/process/embedded-redis.ts";
import { type Authority, createAuthority } from "./certificates.ts";
import { freshDirectory } from "./command.ts";
import { startRedis, type TestRedis } from "./service.ts";

export interface TlsRedis extends TestRedis {
  readonly authority: Authority;
  /** Its port for TLS; that of `url` is plain. */
  readonly port: number;
  readonly tlsUrl: string;
  readonly caFile: string;
  /** A file beside the others. */
  readonly write: (name: string, text: string) => Promise<string>;
}

export interface TlsRedisOptions {
  /** The name in its certificate; 127.0.0.1 when absent. */
  readonly host?: string;
  /** Does it ask for a certificate of whoever connects? */
  readonly asksClients?: boolean;
}

export async function startTlsRedis({
  host = "127.0.0.1",
  asksClients = false,
}: TlsRedisOptions = {}): Promise<TlsRedis> {
  const directory = await freshDirectory();
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(directory.path, name);
    await writeFile(path, text);
    return path;
  };
  const authority = createAuthority();
  const { cert, key } = authority.issue(host);
  const files = { cert: await write("cert.pem", cert), key: await write("key.pem", key) };
  const caFile = await write("ca.pem", authority.cert);
  const port = await freePort();
  const redis = await startRedis(
    ...["--tls-port", `${port}`, "--tls-cert-file", files.cert, "--tls-key-file", files.key],
    ...["--tls-ca-cert-file", caFile, "--tls-auth-clients", asksClients ? "yes" : "no"],
  );
  return {
    ...redis,
    ...{ authority, port, caFile, write, tlsUrl: `rediss://127.0.0.1:${port}` },
    [Symbol.asyncDispose]: async () => {
      await redis[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}
