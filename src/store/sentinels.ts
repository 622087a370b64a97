/**
 * The way to a master that sentinels know: ioredis' own, which asks them at each connection, with two things that it lacks.
 * A failover is heard of when it happens: the old master goes on as one for eight seconds and more, and what is written to it
 * meanwhile is lost. And only what is wrong is an error (trap 62).
 */
import { type RedisOptions, SentinelConnector } from "ioredis";
import { HookwaveError } from "../core/errors.ts";

/** Options of a place that has sentinels. */
export type SentinelOptions = Pick<
  RedisOptions,
  "name" | "sentinels" | "sentinelUsername" | "sentinelPassword" | "sentinelTLS"
>;

/** Hears what all of the sentinels publish on a channel, as long as it is not closed. */
export type ListenToSentinels = (
  options: SentinelOptions,
  channel: string,
  hear: (message: string) => void,
) => { readonly close: () => void };

/** A class that ioredis makes a connector of for each connection. */
export type Connectors = NonNullable<RedisOptions["Connector"]>;

type Emit = Parameters<SentinelConnector["connect"]>[0];

const SWITCHED = "+switch-master";

/** A class of connectors, for all connections of a process to one master; they share their ear. */
export function sentinelConnector(options: SentinelOptions, listen: ListenToSentinels): Connectors {
  const open = new Set<LedConnector>();
  let ear: ReturnType<ListenToSentinels> | null = null;

  /** Name, old address, old port, new address, new port. */
  const hear = (message: string): void => {
    const [name, , , host = "", port = ""] = message.split(" ");
    if (name === options.name) for (const one of open) one.leaveFor(host, Number(port));
  };

  class LedConnector extends SentinelConnector {
    #isLed = false;

    /** Options as ioredis has completed them. */
    constructor(given: unknown) {
      super(Object(given));
    }

    override async connect(emit: Emit) {
      this.#isLed = false;
      open.add(this);
      ear ??= listen(options, SWITCHED, hear);
      let said: Error | null = null;
      const stream = await super.connect((type, error) => {
        if (type === "sentinelError") said = error;
        // It also says so where it has only come to the end of its list, and begins anew.
        else if (said !== null) emit(type, unled(options, said));
      });
      this.#isLed = true;
      return stream;
    }

    override disconnect(): void {
      this.#isLed = false;
      open.delete(this);
      super.disconnect();
      if (open.size > 0) return;
      ear?.close();
      ear = null;
    }

    /** The connection is made anew, as ioredis does with every one that ends. */
    leaveFor(host: string, port: number): void {
      const { remoteAddress, remotePort } = this.stream;
      if (this.#isLed && !(remoteAddress === host && remotePort === port)) this.stream.destroy();
    }
  }

  return LedConnector;
}

function unled({ name, sentinelTLS }: SentinelOptions, { message }: Error): HookwaveError {
  const certificates =
    sentinelTLS === undefined
      ? ""
      : "; the authority of their certificates is in REDIS_TLS_CA_FILE, and where they ask for one of ours, REDIS_TLS_CERT_FILE and REDIS_TLS_KEY_FILE have it";
  return new HookwaveError("REDIS_UNAVAILABLE", {
    expected: `a sentinel that knows where the master ${JSON.stringify(name)} is`,
    got: message.replace(/^failed to connect to (sentinel \S+) because /, "$1: "),
    remedy: `check that the sentinels run, the master's name in REDIS_URL, and sentinelPassword where they ask for one${certificates}`,
  });
}
