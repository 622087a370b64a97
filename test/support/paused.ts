/** A server that answers nobody until it is released, while its bus, by which the others know that it lives, goes on. */
import { once } from "node:events";
import { connect } from "node:net";
import type { TestMember } from "./cluster-member.ts";

interface Pause extends AsyncDisposable {
  /** False as long as nothing that was asked since has been answered. */
  readonly hasAnswered: () => boolean;
  readonly release: () => Promise<void>;
}

/** By far longer than any test: it is released. */
const PAUSED_MS = 3_600_000;

/**
 * CLIENT PAUSE holds back its own end, CLIENT UNPAUSE, too, from everybody but replicas. So a connection becomes one
 * before; whatever it is sent is thrown away. The server lets go of it as soon as it has obeyed.
 */
export async function pause({ port, ask }: Pick<TestMember, "port" | "ask">): Promise<Pause> {
  const replica = connect(port, "127.0.0.1").on("error", () => undefined);
  const closed = once(replica, "close").catch(() => undefined);
  await once(replica, "connect");
  replica.write("SYNC\r\n");
  await once(replica, "data");
  replica.resume();
  await ask("CLIENT", "PAUSE", PAUSED_MS, "ALL");
  let isAnswered = false;
  const hear = (): void => {
    isAnswered = true;
  };
  const answered = ask("PING").then(hear, hear);
  const release = async (): Promise<void> => {
    if (replica.writable) replica.write("CLIENT UNPAUSE\r\n");
    // One that has become a replica itself meanwhile has none any more, and stays as it is.
    await Promise.race([answered, closed]);
    replica.destroy();
    await closed;
  };
  return { hasAnswered: () => isAnswered, release, [Symbol.asyncDispose]: release };
}
