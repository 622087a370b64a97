/** The OpenAPI document against the service: what a fuzzer (schemathesis) finds by it that one of them says and the other does not. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { startApi } from "../support/api.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { INSTALL_TOOLS, toolPath } from "../support/tools.ts";

const KEY = "k".repeat(32);
const FIXTURES = fileURLToPath(new URL("../fixtures/", import.meta.url));
/** An answer that is not described, a good request refused, a bad one taken, a failure of ours. */
const CHECKS = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_schema_conformance",
  "negative_data_rejection",
  "positive_data_acceptance",
  "unsupported_method",
];
const PATIENCE_MS = 300_000;

it("takes what is described, refuses what is not, and answers as it is described", {
  timeout: PATIENCE_MS,
}, async (test) => {
  const fuzzer = toolPath("schemathesis");
  if (fuzzer === null) return test.skip(`schemathesis is not there: ${INSTALL_TOOLS}`);
  await using redis = await startRedis();
  await using hookwave = await startHookwave(redis, { apiKey: KEY });
  await using api = await startApi(hookwave);
  const asked = [
    ...["--config-file", `${FIXTURES}schemathesis.toml`, "run", `${api.url}/openapi.json`],
    ...["--header", `Authorization: Bearer ${KEY}`, "--checks", CHECKS.join(",")],
    ...["--phases", "examples,coverage", "--generation-deterministic"],
    // An answer that goes on until its reader leaves.
    ...["--exclude-path", "/api/v1/live"],
    ...["--suppress-health-check", "all", "--continue-on-failure", "--no-color"],
  ];
  const env = { ...process.env, PYTHONPATH: `${FIXTURES}python`, SCHEMATHESIS_HOOKS: "api_fuzz" };
  // It keeps what it has seen in the folder where it runs.
  const child = spawn(fuzzer, asked, { cwd: redis.dataDir, env, stdio: ["ignore", "pipe", "inherit"] });
  const [said] = await Promise.all([text(child.stdout), once(child, "close")]);

  expect(child.exitCode, said).toBe(0);
  expect(Number(/(\d+) generated/.exec(said)?.[1])).toBeGreaterThan(2_000);
});
