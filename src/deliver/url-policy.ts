/**
 * Rules for the URLs that we would ever POST to. Asked when an endpoint is registered and again before each new
 * destination is used. They check spelling, scheme, port, literal addresses and names (traps 28–30); they resolve
 * nothing: what a name stands for is decided at connect time, in guarded-connector.ts.
 */
import { isIP } from "node:net";
import type { BlockedReason } from "../core/outcome.ts";
import {
  type AddressPolicy,
  type ClosedNetwork,
  closedNetworkOf,
  isAddressAllowed,
} from "./address-guard.ts";

type UrlCheck =
  | { readonly ok: true; readonly url: URL }
  | {
      readonly ok: false;
      readonly reason: BlockedReason;
      readonly problem: string;
      /** Of a literal address that was refused: the network that it lies in. */
      readonly closedNetwork: ClosedNetwork | null;
    };

const MAX_URL_CHARACTERS = 2_048;
const MAX_NAME_CHARACTERS = 253;
const WEB_PORTS: ReadonlySet<number> = new Set([80, 443, 8080, 8443]);
const LAST_PRIVILEGED_PORT = 1_023;

/**
 * Services that act on a stray HTTP request, or leak through one. All lie below 32,768, where operating systems
 * begin to hand out ports, so that a receiver on a port of the system's choice is never refused.
 */
const SERVICE_PORTS: ReadonlySet<number> = new Set([
  1080, // SOCKS
  1433, // SQL Server
  1521, // Oracle
  1883, // MQTT
  2049, // NFS
  2181, // ZooKeeper
  2375, // Docker
  2376,
  2379, // etcd
  2380,
  3128, // Squid
  3306, // MySQL
  3389, // RDP
  4222, // NATS
  4369, // Erlang port mapper
  5432, // PostgreSQL
  5601, // Kibana
  5672, // AMQP
  5900, // VNC
  5984, // CouchDB
  5985, // WinRM
  5986,
  6000, // X11
  6379, // Redis
  6380,
  6443, // Kubernetes
  6667, // IRC
  7001, // WebLogic, Cassandra
  8086, // InfluxDB
  8125, // StatsD
  8200, // Vault
  8300, // Consul
  8301,
  8302,
  8500,
  8600,
  9042, // Cassandra
  9092, // Kafka
  9100, // node exporter, printers
  9160, // Cassandra
  9200, // Elasticsearch
  9300,
  10250, // kubelet
  10255,
  10256,
  11211, // memcached
  15672, // RabbitMQ
  16379, // Redis cluster bus
  26379, // Redis Sentinel
  27017, // MongoDB
  27018,
  27019,
  28017,
]);

/** Top-level names that resolve on private networks only: RFC 6762, RFC 8375, ICANN's `.internal`, and custom. */
const PRIVATE_TOP_LEVELS: ReadonlySet<string> = new Set([
  "corp",
  "home",
  "internal",
  "intranet",
  "lan",
  "local",
  "localdomain",
  "private",
]);

/** White space, control and invisible characters: the URL parser drops some of them silently. */
const INVISIBLE = /[\s\p{Cc}\p{Cf}\p{Cs}]/u;
const START = /^https?:\/\/[^/?]/i;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** The URL, or the first problem with it in words for its owner. */
export function checkUrl(text: string, policy: AddressPolicy): UrlCheck {
  const spelling = spellingProblem(text);
  if (spelling !== null) return refuse("blocked_url", spelling);
  const url = URL.parse(text);
  if (url === null) return refuse("blocked_url", "this is not a valid URL");
  const problem = schemeProblem(url, policy) ?? portProblem(url);
  if (problem !== null) return refuse("blocked_url", problem);
  return checkHost(url, policy);
}

function refuse(
  reason: BlockedReason,
  problem: string,
  closedNetwork: ClosedNetwork | null = null,
): UrlCheck {
  return { ok: false, reason, problem, closedNetwork };
}

/** Spelling is checked before parsing: the WHATWG parser repairs all of it without a word. */
function spellingProblem(text: string): string | null {
  if (text.length > MAX_URL_CHARACTERS) return `the URL is longer than ${MAX_URL_CHARACTERS} characters`;
  if (INVISIBLE.test(text)) return "the URL holds white space or an invisible character";
  if (text.includes("\\")) return "the URL holds a backslash";
  if (text.includes("#")) return "the URL has a fragment, which is never sent";
  if (!START.test(text)) return "the URL does not begin with https:// and a host";
  const authority = text.slice(text.indexOf("//") + 2).split(/[/?]/, 1)[0] ?? "";
  if (authority.includes("@")) return "the URL holds a user name or password; use a header instead";
  return null;
}

function schemeProblem(url: URL, policy: AddressPolicy): string | null {
  if (url.protocol === "https:" || policy.allowHttp) return null;
  return "the URL is not https; plain http needs ALLOW_HTTP=true";
}

function portProblem(url: URL): string | null {
  // The parser leaves out a scheme's own port: 80 or 443.
  if (url.port === "") return null;
  const port = Number(url.port);
  if (WEB_PORTS.has(port)) return null;
  if (port > LAST_PRIVILEGED_PORT && !SERVICE_PORTS.has(port)) return null;
  return `port ${port} is not for webhooks`;
}

/** By now the parser has turned every spelling of an IPv4 address (decimal, octal, hex, fullwidth) into dots. */
function checkHost(url: URL, policy: AddressPolicy): UrlCheck {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) === 0) {
    const problem = nameProblem(host, policy);
    return problem === null ? { ok: true, url } : refuse("blocked_url", problem);
  }
  if (isAddressAllowed(host, policy)) return { ok: true, url };
  const closed = closedNetworkOf(host, policy);
  const remedy = opening(closed?.cidr ?? null);
  return refuse("blocked_destination", `the address is not a public one${remedy}`, closed);
}

const opening = (network: string | null): string =>
  network === null ? "" : `; ALLOW_PRIVATE_NETWORKS with ${network} in it opens it`;

function nameProblem(name: string, policy: AddressPolicy): string | null {
  const labels = name.split(".");
  const topLevel = labels.at(-1) ?? "";
  if (name.length > MAX_NAME_CHARACTERS || !labels.every((label) => LABEL.test(label)))
    return "the host is not a valid name";
  if (topLevel === "localhost")
    return policy.opensLocalhost ? null : `the host is this machine${opening("127.0.0.0/8")}`;
  if (policy.opensPrivateNames) return null;
  const isPrivate = labels.length === 1 || PRIVATE_TOP_LEVELS.has(topLevel) || name.endsWith(".home.arpa");
  return isPrivate ? `the host exists on private networks only${opening("its network")}` : null;
}
