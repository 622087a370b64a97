/**
 * A receiver as somebody else would write it: a plain HTTP server that verifies, answers and takes notes. It verifies
 * with hookwave/receiver, which shares no code with the sender, so that the demo proves our signatures.
 */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { buffer } from "node:stream/consumers";
import type { System } from "../../core/system.ts";
import { bodyBytes } from "../../receiver/bytes.ts";
import { profileNamed } from "../../receiver/profiles.ts";
import { readHeaders } from "../../receiver/received-headers.ts";
import type { Role } from "./cast.ts";

export interface Note {
  readonly webhookId: string;
  /** Monotonic ms. */
  readonly atMs: number;
  readonly status: number;
  /** Every signature its family promises was there and right. */
  readonly isVerified: boolean;
}

export interface DemoReceiver {
  readonly role: Role;
  readonly url: string;
  readonly secret: string;
  readonly notes: readonly Note[];
  /** From now on it answers 200. */
  readonly heal: () => void;
  readonly close: () => Promise<void>;
}

export async function openReceiver(role: Role, secret: string, clock: System): Promise<DemoReceiver> {
  const notes: Note[] = [];
  let isHealed = false;

  const take = async (headers: IncomingHttpHeaders, body: Buffer): Promise<number> => {
    const atMs = clock.monotonicMs();
    const isVerified = await isAuthentic(role, secret, headers, body, clock);
    const webhookId = String(headers["webhook-id"] ?? "");
    const timesBefore = notes.filter((note) => note.webhookId === webhookId).length;
    const status = isHealed ? 200 : role.answer(timesBefore);
    notes.push({ webhookId, atMs, status, isVerified });
    return status;
  };

  const server = createServer(async (request, response) => {
    response.writeHead(await take(request.headers, await buffer(request))).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return {
    role,
    url: `http://127.0.0.1:${port}/webhooks`,
    secret,
    notes,
    heal: () => {
      isHealed = true;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const TOLERANCE_SECONDS = 300;

/** Standard Webhooks' signature, which every request has, and its family's own. */
async function isAuthentic(
  { profile }: Role,
  secret: string,
  headers: IncomingHttpHeaders,
  body: Buffer,
  clock: System,
): Promise<boolean> {
  const request = {
    body: bodyBytes(body),
    headers: readHeaders(headers)(),
    secrets: [secret],
    nowSeconds: clock.now() / 1_000,
    toleranceSeconds: TOLERANCE_SECONDS,
  };
  const checks = (["standard", profile] as const).map((name) => profileNamed(name).authenticate(request));
  return (await Promise.allSettled(checks)).every(({ status }) => status === "fulfilled");
}
