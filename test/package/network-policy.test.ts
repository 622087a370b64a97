/** The network policy of deploy/kubernetes: a second wall, of the same networks as the address guard's. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { resources } from "../support/kubernetes.ts";
import { readRepositoryFile } from "../support/repository.ts";

describe("the network policy", () => {
  const peerSchema = z.looseObject({
    ipBlock: z.object({ cidr: z.string(), except: z.array(z.string()) }).optional(),
    podSelector: z.looseObject({ matchExpressions: z.array(z.unknown()) }).optional(),
  });
  const policy = z
    .looseObject({
      spec: z.looseObject({
        podSelector: z.unknown(),
        policyTypes: z.array(z.string()),
        egress: z.array(z.looseObject({ to: z.array(peerSchema), ports: z.array(z.unknown()) })),
      }),
    })
    .parse(resources.find(({ kind }) => kind === "NetworkPolicy"));
  const peers = policy.spec.egress.flatMap(({ to }) => to);

  it("lets nobody out but to DNS, Redis and public addresses: all that the address guard refuses is left out", () => {
    expect(policy.spec).toMatchObject({
      podSelector: { matchLabels: { "app.kubernetes.io/name": "hookwave" } },
      policyTypes: ["Ingress", "Egress"],
    });
    const guard = readRepositoryFile("src/deliver/address-guard.ts");
    const refusedBy = (list: string): readonly string[] =>
      [...(guard.split(`${list} = [`)[1]?.split("];")[0] ?? "").matchAll(/"([^"]+)"/g)].map(
        ([, network = ""]) => network,
      );
    expect(refusedBy("REFUSED_IPV4").length).toBeGreaterThan(15);
    expect(peers.flatMap(({ ipBlock }) => ipBlock ?? [])).toEqual([
      { cidr: "0.0.0.0/0", except: refusedBy("REFUSED_IPV4") },
      { cidr: refusedBy("GLOBAL_UNICAST_IPV6")[0], except: refusedBy("REFUSED_IPV6") },
    ]);
  });

  it("selects other pods by expressions, to which an overlay's labels are not added", () => {
    const selectors = peers.flatMap(({ podSelector }) => podSelector ?? []);
    expect(selectors).toHaveLength(2);
    for (const selector of selectors) expect(Object.keys(selector)).toEqual(["matchExpressions"]);
  });
});
