/**
 * Findings about what others could reach or read: the API beyond this machine, networks that were opened to deliveries,
 * and the file of the encryption key.
 */
import type { Config } from "../../config/environment.ts";
import { isLoopbackHost, isLoopbackName } from "../../core/loopback.ts";
import { createAddressPolicy, isAddressAllowed } from "../../deliver/address-guard.ts";
import type { KeyFile } from "../../store/key-file.ts";
import { broken, type Finding, ok, warning } from "./finding.ts";

/** The address at which the large clouds tell a machine its own credentials. */
const METADATA = "169.254.169.254";

/** `hasApiKeys`: in Redis; null where that is not known. */
export function exposureFindings(config: Config, hasApiKeys: boolean | null): readonly Finding[] {
  return [...listenerFindings(config, hasApiKeys), networksFinding(config)];
}

function listenerFindings(config: Config, hasApiKeys: boolean | null): readonly Finding[] {
  const { host, port, role } = config;
  if (role === "worker") return [ok("exposure.tls", "a worker: it serves no API")];
  const at = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  if (isLoopbackHost(host)) return [ok("exposure.tls", `the API listens on ${at}: this machine only`)];
  return [keysFinding(config, hasApiKeys), tlsFinding(config, at)];
}

function keysFinding({ host, apiKey }: Config, hasApiKeys: boolean | null): Finding {
  const remedy =
    "set HOOKWAVE_API_KEY (openssl rand -hex 32), or make a key with `hookwave keys create`, and start again";
  if (apiKey !== null || hasApiKeys === true) return ok("exposure.keys", "the API asks for a key");
  if (hasApiKeys === null)
    return warning(
      "exposure.keys",
      "HOOKWAVE_API_KEY is not set, and Redis did not say which keys there are",
      remedy,
    );
  return warning(
    "exposure.keys",
    `there is no API key: the API keeps to 127.0.0.1 although HOOKWAVE_HOST is ${host}`,
    remedy,
  );
}

/** A process cannot see what stands before it; HOOKWAVE_URL says how others reach it. */
function tlsFinding({ apiUrl }: Config, at: string): Finding {
  const seen = `the API listens on ${at}, by plain http`;
  const url = apiUrl === null ? null : new URL(apiUrl);
  if (url?.protocol === "https:") return ok("exposure.tls", `${seen}, behind ${url.origin}`);
  if (url !== null && isLoopbackName(url.hostname))
    return ok("exposure.tls", `${seen}; it is reached at ${url.origin}, from this machine only`);
  return warning(
    "exposure.tls",
    `${seen}: API keys and new secrets can be read on the way`,
    "put TLS in front and say so by HOOKWAVE_URL=https://…, or set HOOKWAVE_HOST=127.0.0.1",
  );
}

function networksFinding(config: Config): Finding {
  const opened = config.allowPrivateNetworks.join(", ");
  if (isAddressAllowed(METADATA, createAddressPolicy(config)))
    return warning(
      "exposure.networks",
      `ALLOW_PRIVATE_NETWORKS=${opened} lets endpoints reach ${METADATA}, which hands out this machine's own credentials in most clouds`,
      "open only the networks that your receivers are in",
    );
  return ok(
    "exposure.networks",
    opened === "" ? "no private network is open to endpoints" : `open to endpoints: ${opened}`,
  );
}

/** `keyFile`: of the data directory; null where there is none. */
export function keyFileFinding(config: Config, keyFile: KeyFile | null): Finding {
  if (keyFile === null) return ok("key_file", "no encryption key lies in the data directory");
  const { path, key, isOpenToOthers } = keyFile;
  const isUsed = config.encryptionKey === null;
  if (key === null && isUsed)
    return broken(
      "key_file",
      `${path} cannot be read by this user, or holds no key`,
      "give the file to the service's user, or restore it",
    );
  if (isOpenToOthers)
    return warning(
      "key_file",
      `${path} can be read or changed by others on this machine`,
      isUsed
        ? `chmod 600 ${path}`
        : `chmod 600 ${path}, or remove it: HOOKWAVE_ENCRYPTION_KEY is used instead`,
    );
  return ok("key_file", `${path} is its owner's alone`);
}
