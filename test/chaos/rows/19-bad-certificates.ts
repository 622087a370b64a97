/** Row 19: a receiver whose certificate is not right gets nothing, and the reason has a name. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createAuthority, selfSigned } from "../../support/certificates.ts";
import { plainAnswer } from "../../support/raw-receiver.ts";
import type { RawPlan } from "../harness/receiver.ts";
import type { Row } from "../harness/row.ts";

const HOST = "127.0.0.1";
const EVENTS = 5;

export const badCertificates: Row = {
  number: 19,
  fault: "TLS: expired, self-signed, wrong name, hung handshake",
  buries: ["exhausted"],
  run: async (scene) => {
    const redis = await scene.open();
    const authority = createAuthority();
    const trusted = join(redis.dataDir, "authority.pem");
    await writeFile(trusted, authority.cert);
    const request = { retrySchedule: [], timeoutMs: 8_000, maxInFlight: EVENTS };
    const answer: RawPlan = (socket) => {
      socket.write(plainAnswer(200));
      return 200;
    };
    const certificates = {
      right: authority.issue(HOST),
      expired: authority.issue(HOST, { endsInDays: -1 }),
      "self-signed": selfSigned(HOST),
      "wrong-name": authority.issue("receiver.example.com"),
    };
    for (const [name, certificate] of Object.entries(certificates)) {
      await scene.rawReceiver(name, answer, request, certificate);
    }
    // Speaks no TLS: the handshake hangs.
    await scene.rawReceiver("hung", answer, { ...request, scheme: "https" });
    await scene.worker({ breakerFailureThreshold: 10_000 }, redis.url, { NODE_EXTRA_CA_CERTS: trusted });
    const producer = await scene.producer("tls", { events: EVENTS, perSecond: 100 });
    await producer.finished;
    await scene.drained();

    const records = await scene.attempts();
    for (const { endpointId, posts } of scene.receivers) {
      const mine = records.filter((record) => record.endpointId === endpointId);
      const found = [
        ...new Set(mine.map(({ outcome, reason }) => `${outcome} ${reason ?? ""}`.trim())),
      ].join();
      const expected = endpointId === "right" ? "delivered" : "unreachable tls";
      const sent = endpointId === "right" ? EVENTS : 0;
      scene.check(
        `${endpointId}: ${expected}, ${sent} POSTs`,
        found === expected && posts.length === sent,
        `${found}, ${posts.length} POSTs`,
      );
    }
  },
};
