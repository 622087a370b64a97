/** docker-compose.yml and Dockerfile, as far as a machine without an engine can judge them. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { SETTINGS } from "../../src/config/settings.ts";
import { runTool } from "../support/prometheus.ts";
import { readRepositoryFile } from "../support/repository.ts";
import { INSTALL_TOOLS, toolPath } from "../support/tools.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

const serviceSchema = z.looseObject({
  image: z.string(),
  restart: z.string(),
  read_only: z.boolean(),
  cap_drop: z.array(z.string()),
  healthcheck: z.looseObject({}),
  environment: z.record(z.string(), z.unknown()).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  secrets: z.array(z.string()).default([]),
});
const composeSchema = z.looseObject({
  services: z.record(z.string(), serviceSchema),
  secrets: z.record(z.string(), z.object({ file: z.string() })),
  volumes: z.record(z.string(), z.unknown()),
});
const compose = composeSchema.parse(parse(readRepositoryFile("docker-compose.yml"), { merge: true }));
const services = Object.entries(compose.services);

describe("docker-compose.yml", () => {
  it("has no error in the eyes of dclint: its schema, and ports that are open to everybody", async () => {
    const { code, said } = await runTool(process.execPath, [
      `${root}node_modules/dclint/bin/dclint.cjs`,
      "--quiet",
      `${root}docker-compose.yml`,
    ]);
    expect(code, said).toBe(0);
  });

  it("sets only what is a setting, and secrets by file only", () => {
    const known = SETTINGS.map(({ variable, isSecret }) =>
      isSecret === true ? `${variable}_FILE` : variable,
    );
    const ours = services.filter(([, { image }]) => image.startsWith("hookwave:"));
    const variables = ours.flatMap(([, { environment }]) => Object.keys(environment));
    expect(variables).toContain("HOOKWAVE_API_KEY_FILE");
    // The API takes no endpoint that the worker might deliver to, unless both are told the same.
    for (const name of ["api", "worker"])
      expect(Object.keys(compose.services[name]?.environment ?? {})).toContain("ALLOW_PRIVATE_NETWORKS");
    // Their values are no secrets: there is no password in them.
    const open = ["REDIS_URL", "HOOKWAVE_URL"];
    expect(variables.filter((variable) => ![...known, ...open].includes(variable))).toEqual([]);
  });

  it("pins every image, restarts every service, looks after its health, and lets it do no more than it needs", () => {
    for (const [name, service] of services) {
      expect(service.image, name).toMatch(/:(?:v?\d+\.\d+|local$)/);
      expect(service, name).toMatchObject({ restart: "unless-stopped", read_only: true, cap_drop: ["ALL"] });
      expect(service["security_opt"], name).toEqual(["no-new-privileges:true"]);
    }
  });

  it("publishes on loopback only", () => {
    const open = services.flatMap(([, { ports }]) => ports.filter((port) => !port.startsWith("127.0.0.1:")));
    expect(open).toEqual([]);
  });

  it("mounts files that are there and volumes that are declared, and names secrets that are", () => {
    const sources = services.flatMap(([, { volumes }]) =>
      volumes.map((volume) => volume.split(":")[0] ?? ""),
    );
    const [files, named] = [true, false].map((isFile) =>
      sources.filter((source) => source.startsWith(".") === isFile),
    );
    expect(files?.filter((file) => !existsSync(`${root}${file}`))).toEqual([]);
    expect(new Set(named)).toEqual(new Set(Object.keys(compose.volumes)));
    const secrets = services.flatMap(([, service]) => service.secrets);
    expect(new Set(secrets)).toEqual(new Set(Object.keys(compose.secrets)));
  });

  it("has what Prometheus scrapes, under the names and the port that it is told", () => {
    const names = [...readRepositoryFile("grafana/prometheus.yml").matchAll(/names: \[(\w+)\]/g)];
    for (const [, name = ""] of names) expect(compose.services).toHaveProperty(name);
    const ports = [...readRepositoryFile("grafana/prometheus.yml").matchAll(/port: (\d+)/g)];
    expect(new Set(ports.map(([, port]) => port))).toEqual(
      new Set([compose.services["worker"]?.environment["METRICS_PORT"]]),
    );
  });
});

describe("Dockerfile", () => {
  const dockerfile = readRepositoryFile("Dockerfile");

  it("pins the Node that this repository uses, is built in stages, and does not run as root", () => {
    const version = readRepositoryFile(".node-version").trim();
    const images = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
    expect(images).toEqual([`node:${version}-slim`, `node:${version}-slim`]);
    expect(dockerfile).toMatch(/^USER 1000:1000$/m);
  });

  it("has no finding of hadolint", async (test) => {
    const hadolint = toolPath("hadolint");
    if (hadolint === null) return test.skip(`hadolint is not there: ${INSTALL_TOOLS}`);
    const { code, said } = await runTool(hadolint, ["--no-color", `${root}Dockerfile`]);
    expect(said).toBe("");
    expect(code).toBe(0);
  });
});
