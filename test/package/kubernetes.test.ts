/** deploy/kubernetes against its schema, the settings, the image and the rules: no cluster is here. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import { readEnvironment } from "../../src/config/environment.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import {
  HERE,
  kustomization,
  podOf,
  ROLES,
  readManifest,
  resources,
  settings,
} from "../support/kubernetes.ts";
import { runTool } from "../support/prometheus.ts";
import { filesUnder, readRepositoryFile } from "../support/repository.ts";
import { INSTALL_TOOLS, toolPath } from "../support/tools.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const metricNames = readRepositoryFile("docs/metrics.md");

describe("deploy/kubernetes", () => {
  it("is valid to the last field, as kubernetes-validate --strict sees it", async (test) => {
    const validate = toolPath("kubernetes-validate");
    if (validate === null) return test.skip(`kubernetes-validate is not there: ${INSTALL_TOOLS}`);
    const files = [...kustomization.resources, "secret.example.yaml"].map((file) => `${root}${HERE}/${file}`);
    const { code, said } = await runTool(validate, ["--strict", "--quiet", ...files]);
    expect(said).toBe("");
    expect(code).toBe(0);
  });

  it("is built by kustomize, also by an overlay that labels everything, and what is built is valid", async (test) => {
    const [kubectl, validate] = [toolPath("kubectl"), toolPath("kubernetes-validate")];
    if (kubectl === null) return test.skip("kubectl is not there");
    await using folder = await overlay();
    const [base, labelled] = await Promise.all(
      [`${root}${HERE}`, folder.path].map((path) => runTool(kubectl, ["kustomize", path])),
    );
    expect(base).toMatchObject({ code: 0 });
    const policyOf = ({ said = "" } = {}) =>
      z.object({ spec: z.looseObject({ egress: z.unknown() }) }).parse(
        parseAllDocuments(said)
          .map((one) => one.toJS())
          .find(({ kind }) => kind === "NetworkPolicy"),
      );
    expect(policyOf(labelled).spec.egress).toEqual(policyOf(base).spec.egress);
    if (validate === null) return;
    await writeFile(join(folder.path, "built.yaml"), base?.said ?? "");
    const { said } = await runTool(validate, ["--strict", "--quiet", join(folder.path, "built.yaml")]);
    expect(said).toBe("");
  });

  it("applies every file but examples, names no namespace, and brings no secret", () => {
    const files = filesUnder(HERE, /\.yaml$/).map((file) => file.slice(HERE.length + 1));
    const own = files.filter((file) => !/(?:^|\/)kustomization\.yaml$|\.example\.yaml$/.test(file));
    const monitoring = z
      .looseObject({ resources: z.array(z.string()) })
      .parse(parse(readRepositoryFile(`${HERE}/monitoring/kustomization.yaml`)));
    const applied = [...kustomization.resources, ...monitoring.resources.map((file) => `monitoring/${file}`)];
    expect(own.toSorted()).toEqual(applied.toSorted());
    const all = applied.flatMap(readManifest);
    expect(all.filter(({ metadata }) => "namespace" in metadata)).toEqual([]);
    expect(all.filter(({ kind }) => kind === "Secret")).toEqual([]);
  });

  it("sets only what is a setting, with values that are accepted, and secrets by file only", () => {
    const known = SETTINGS.map(({ variable, isSecret }) =>
      isSecret === true ? `${variable}_FILE` : variable,
    );
    for (const role of ROLES) {
      const { env, envFrom } = podOf(role).container;
      const variables = [...Object.keys(settings), ...env.map(({ name }) => name)];
      expect(variables.filter((variable) => !known.includes(variable))).toEqual([]);
      expect(variables).toEqual(expect.arrayContaining(["REDIS_URL_FILE", "HOOKWAVE_ENCRYPTION_KEY_FILE"]));
      expect(env).toContainEqual({ name: "HOOKWAVE_ROLE", value: role });
      expect(envFrom.map(({ configMapRef }) => configMapRef.name)).toEqual(
        kustomization.configMapGenerator.map(({ name }) => name),
      );
    }
    expect(readEnvironment({ ...settings, REDIS_URL: "redis://valkey:6379" })).toMatchObject({
      requireAof: true,
    });
  });

  it("reads its secrets from where they are mounted, under the keys that the example has", () => {
    const [example] = readManifest("secret.example.yaml").map((one) =>
      z.looseObject({ stringData: z.record(z.string(), z.string()) }).parse(one),
    );
    for (const role of ROLES) {
      const { pod, container } = podOf(role);
      const volume = pod.volumes.find(({ secret }) => secret !== undefined);
      const mount = container.volumeMounts.find(({ name }) => name === volume?.name)?.mountPath;
      const paths = container.env.filter(({ name }) => name.endsWith("_FILE")).map(({ value }) => value);
      const keys = Object.keys(example?.stringData ?? {});
      expect(paths.toSorted()).toEqual(keys.map((key) => `${mount}/${key}`).toSorted());
      expect(volume?.secret?.secretName).toBe(readManifest("secret.example.yaml")[0]?.metadata.name);
    }
  });

  it("lets a pod do no more than it needs, and has both of them alike", () => {
    const [api, worker] = ROLES.map(podOf);
    const withoutLabels = (pod: object | undefined) =>
      JSON.stringify(pod).replaceAll(/"app\.kubernetes\.io\/component":"\w+"/g, "");
    expect(withoutLabels(worker?.pod)).toBe(withoutLabels(api?.pod));
    for (const role of ROLES) {
      const { pod, container } = podOf(role);
      expect(pod).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      });
      expect(container).toMatchObject({
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        resources: { requests: { cpu: expect.anything() }, limits: { memory: expect.anything() } },
      });
      expect(pod["topologySpreadConstraints"]).toHaveLength(2);
    }
  });

  it("gives a pod the time that a drain may take", () => {
    const graceMs = readEnvironment(settings).shutdownGraceMs;
    const overtimeMs = Number(
      /OVERTIME_MS = ([\d_]+)/.exec(readRepositoryFile("src/cli/commands/start.ts"))?.[1]?.replace("_", ""),
    );
    for (const role of ROLES) {
      const { pod, container } = podOf(role);
      const preStopMs = 1_000 * Number(container.lifecycle?.preStop.exec.command[1] ?? 0);
      expect(1_000 * pod.terminationGracePeriodSeconds).toBeGreaterThan(preStopMs + graceMs + overtimeMs);
    }
    expect(podOf("api").container.lifecycle).toBeDefined();
  });

  it("asks for health where it is served, as the image has it", () => {
    const dockerfile = readRepositoryFile("Dockerfile");
    const [, exposed = ""] = /^EXPOSE (.*)$/m.exec(dockerfile) ?? [];
    const [, dataDir = ""] = /HOOKWAVE_DATA_DIR=(\S+)/.exec(dockerfile) ?? [];
    const { port } = readEnvironment({});
    for (const role of ROLES) {
      const { pod, container } = podOf(role);
      const ports = Object.fromEntries(
        container.ports.map(({ name, containerPort }) => [name, containerPort]),
      );
      const own = { metrics: Number(settings["METRICS_PORT"]), ...(role === "api" && { http: port }) };
      expect(ports).toEqual(own);
      for (const one of Object.values(ports)) expect(exposed.split(" ")).toContain(String(one));
      const [live, ready] = [container.livenessProbe, container.readinessProbe].map(({ httpGet }) => httpGet);
      const where = role === "api" ? "http" : "metrics";
      expect([live, ready]).toEqual([
        { path: "/healthz", port: where },
        { path: "/readyz", port: where },
      ]);
      expect(dockerfile).toMatch(new RegExp(`^USER ${pod.securityContext.runAsUser}:`, "m"));
      expect(container.volumeMounts.some(({ mountPath }) => dataDir.startsWith(`${mountPath}/`))).toBe(true);
    }
  });

  it("keeps two of each, lets the autoscaler say how many workers, and selects what it labels", () => {
    expect(podOf("api").deployment.spec.replicas).toBeGreaterThanOrEqual(2);
    expect(podOf("worker").deployment.spec.replicas).toBeUndefined();
    for (const role of ROLES) {
      const { spec } = podOf(role).deployment;
      expect(spec.template.metadata.labels).toEqual(spec.selector.matchLabels);
      const budget = resources.find(
        ({ kind, metadata }) => kind === "PodDisruptionBudget" && metadata.name === `hookwave-${role}`,
      );
      expect(budget).toMatchObject({ spec: { selector: { matchLabels: spec.selector.matchLabels } } });
      const service = resources.find(
        ({ kind, metadata }) => kind === "Service" && metadata.name === `hookwave-${role}`,
      );
      expect(service).toMatchObject({ spec: { selector: spec.selector.matchLabels } });
    }
    const metric = "hookwave_queue_overdue_seconds";
    const scaler = resources.find(({ kind }) => kind === "HorizontalPodAutoscaler");
    expect(scaler).toMatchObject({
      spec: {
        minReplicas: 2,
        scaleTargetRef: { name: "hookwave-worker" },
        metrics: [{ external: { metric: { name: metric } } }],
      },
    });
    expect(metricNames).toContain(`\`${metric}\``);
    expect(parse(readRepositoryFile(`${HERE}/monitoring/adapter-rules.example.yaml`))).toMatchObject({
      externalRules: [{ name: { as: metric }, seriesQuery: expect.stringContaining(`"${metric}"`) }],
    });
  });

  it("has its pods scraped as the jobs that the rules look for", () => {
    const [monitor] = readManifest("monitoring/pod-monitor.yaml");
    expect(monitor).toMatchObject({
      spec: {
        selector: { matchLabels: { "app.kubernetes.io/name": "hookwave" } },
        podMetricsEndpoints: [
          {
            port: "metrics",
            relabelings: [
              {
                sourceLabels: ["__meta_kubernetes_pod_label_app_kubernetes_io_component"],
                targetLabel: "job",
                replacement: "hookwave-$1",
              },
            ],
          },
        ],
      },
    });
    expect(readRepositoryFile("grafana/alerts.yml")).toContain('up{job=~"hookwave.*"}');
  });
});

async function overlay() {
  const path = await mkdtemp(join(tmpdir(), "hookwave-overlay-"));
  const base = join("../".repeat(path.split("/").length - 1), root, HERE);
  await writeFile(
    join(path, "kustomization.yaml"),
    JSON.stringify({
      resources: [base],
      labels: [{ pairs: { team: "x", "app.kubernetes.io/name": "hookwave" }, includeSelectors: true }],
    }),
  );
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
