/** docs/deployment.md: the settings that must be set, and the resources and figures that it repeats. */
import { describe, expect, it } from "vitest";
import { SETTINGS } from "../../src/config/settings.ts";
import { podOf, ROLES } from "../support/kubernetes.ts";
import { readRepositoryFile } from "../support/repository.ts";

const page = readRepositoryFile("docs/deployment.md");
const required = page.split(/<!-- \/?required -->/)[1] ?? "";
const named = [...required.matchAll(/^\| `(\w+)` \|/gm)].map(([, variable = ""]) => variable);

describe("docs/deployment.md", () => {
  it("names as required what is a setting, and what the manifests and the compose file set in every process", () => {
    expect(named.length).toBeGreaterThan(5);
    const known = SETTINGS.map(({ variable }) => variable);
    expect(named.filter((variable) => !known.includes(variable))).toEqual([]);
    const image = readRepositoryFile("Dockerfile");
    const compose = `${readRepositoryFile("docker-compose.yml")}\n${image}`;
    const manifests = `${ROLES.map((role) => JSON.stringify(podOf(role))).join("\n")}\n${readRepositoryFile("deploy/kubernetes/kustomization.yaml")}\n${image}`;
    const unit = readRepositoryFile("deploy/systemd/hookwave.service");
    for (const variable of named) {
      expect(compose, variable).toMatch(new RegExp(`\\b${variable}(?:_FILE)?\\b`));
      expect(manifests, variable).toMatch(new RegExp(`\\b${variable}(?:_FILE)?\\b`));
    }
    // One process on one machine: both roles, on loopback.
    for (const variable of ["REDIS_URL", "HOOKWAVE_ENCRYPTION_KEY", "HOOKWAVE_API_KEY", "REQUIRE_AOF"])
      expect(unit, variable).toMatch(new RegExp(`\\b${variable}(?:_FILE)?=`));
  });

  it("sizes memory as its own formula does, and asks for what the manifests ask for", () => {
    const rows = [...page.matchAll(/^\| (\d+) \| ([\d.]+) GB \| ([\d.]+) GB \|$/gm)];
    expect(rows).toHaveLength(3);
    const bytesEach = 1_000 + 1_200;
    for (const [, rate, day, three] of rows) {
      const dayGb = (Number(rate) * 86_400 * bytesEach) / 1e9;
      expect(Math.abs(Number(day) - dayGb) / dayGb).toBeLessThan(0.06);
      expect(Math.abs(Number(three) - 3 * dayGb) / (3 * dayGb)).toBeLessThan(0.06);
    }
    for (const role of ROLES) {
      const [, memory] = /"requests":\{[^}]*"memory":"(\d+)Mi"/.exec(JSON.stringify(podOf(role))) ?? [];
      expect(page).toContain(`${memory} MB`);
    }
  });
});
