/**
 * The least a signed webhook can cost in Node: one HMAC, one undici POST over kept connections. The baselines
 * are built on it; nothing of the product's own is used here.
 */
import { createHmac, createSecretKey } from "node:crypto";
import { Agent, request } from "undici";
import { IN_FLIGHT } from "../workload.ts";

export interface PlainPost {
  /** Throws unless the receiver says 200. */
  readonly send: (id: string, body: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

export function createPlainPost(url: string): PlainPost {
  const key = createSecretKey("a benchmark keeps no secrets", "utf8");
  const dispatcher = new Agent({ connections: IN_FLIGHT, pipelining: 1 });
  return {
    send: async (id, body) => {
      const timestamp = String(Math.floor(Date.now() / 1_000));
      const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
      const response = await request(url, {
        method: "POST",
        dispatcher,
        headers: {
          "content-type": "application/json",
          "webhook-id": id,
          "webhook-timestamp": timestamp,
          "webhook-signature": `v1,${signature}`,
        },
        body,
      });
      await response.body.dump();
      if (response.statusCode !== 200) throw new Error(`expected 200, got ${response.statusCode}`);
    },
    close: () => dispatcher.close(),
  };
}
