/** The manifests of deploy/kubernetes as tests read them. */
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import { readRepositoryFile } from "./repository.ts";

export const HERE = "deploy/kubernetes";

const resourceSchema = z.looseObject({ kind: z.string(), metadata: z.looseObject({ name: z.string() }) });
export const readManifest = (file: string) =>
  parseAllDocuments(readRepositoryFile(`${HERE}/${file}`)).map((one) => resourceSchema.parse(one.toJS()));

export const kustomization = z
  .looseObject({
    resources: z.array(z.string()),
    configMapGenerator: z.array(z.object({ name: z.string(), literals: z.array(z.string()) })),
  })
  .parse(parse(readRepositoryFile(`${HERE}/kustomization.yaml`)));
export const settings = Object.fromEntries(
  kustomization.configMapGenerator.flatMap(({ literals }) => literals.map((one) => one.split("="))),
);
export const resources = kustomization.resources.flatMap(readManifest);

const probeSchema = z.looseObject({ httpGet: z.object({ path: z.string(), port: z.string() }) });
const containerSchema = z.looseObject({
  image: z.string(),
  env: z.array(z.object({ name: z.string(), value: z.string() })),
  envFrom: z.array(z.object({ configMapRef: z.object({ name: z.string() }) })),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
  livenessProbe: probeSchema,
  readinessProbe: probeSchema,
  lifecycle: z.object({ preStop: z.object({ exec: z.object({ command: z.array(z.string()) }) }) }).optional(),
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })),
});
const deploymentSchema = z.looseObject({
  kind: z.literal("Deployment"),
  metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()) }),
  spec: z.looseObject({
    replicas: z.number().optional(),
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
    template: z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()) }),
      spec: z.looseObject({
        terminationGracePeriodSeconds: z.number(),
        securityContext: z.looseObject({ runAsUser: z.number() }),
        containers: z.tuple([containerSchema]),
        volumes: z.array(
          z.looseObject({ name: z.string(), secret: z.looseObject({ secretName: z.string() }).optional() }),
        ),
      }),
    }),
  }),
});
const deployments = resources.flatMap((one) => deploymentSchema.safeParse(one).data ?? []);
export const podOf = (role: string) => {
  const found = deployments.find(({ metadata }) => metadata.name === `hookwave-${role}`);
  if (found === undefined) throw new Error(`expected a deployment hookwave-${role}`);
  const { containers, ...pod } = found.spec.template.spec;
  return { deployment: found, pod, container: containers[0] };
};
export const ROLES = ["api", "worker"];
