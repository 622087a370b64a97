import { describe, expect, it } from "vitest";
import { validateData, warningsAbout } from "../../../src/catalogue/validate-data.ts";

const TASK = { task_id: "9b2e4c1a-6f0d-4d3b-8a75-1c2d3e4f5a6b", timestamp: "2025-03-04T05:06:07Z" };

describe("validateData", () => {
  it("has nothing to say about custom types, whatever they are called", () => {
    expect(validateData("order.shipped", { total: "much" })).toEqual([]);
    expect(validateData("constructor", null)).toEqual([]);
  });

  it("says for each problem where it is, what was expected and what came", () => {
    const data = { model_id: "m", registered_version: {}, baseline_metrics: { auc: "0.9" }, metadata: [] };
    expect(validateData("model.registered", data)).toEqual([
      "registered_version: expected a text or a number, got an object",
      'baseline_metrics.auc: expected a number, got "0.9"',
      "metadata: expected an object, got an array",
    ]);
  });

  it.each([
    [undefined, "nothing"],
    [null, "null"],
    [7, "7"],
    [true, "true"],
    ["", '""'],
    [["m"], "an array"],
    [{}, "an object"],
  ])("shows %j as %s", (model_id, shown) => {
    expect(validateData("model.registered", { model_id })).toEqual([
      `model_id: expected a non-empty text, got ${shown}`,
    ]);
  });

  it("takes no object for a text, whatever length it claims to have", () => {
    const data = { job_id: { length: { toString: "" } }, video_id: "v" };
    expect(validateData("job.completed", data)).toEqual(["job_id: expected a non-empty text, got an object"]);
  });

  it("cuts a long value short", () => {
    const [problem] = validateData("task_started", { ...TASK, task_id: "x".repeat(5_000) });
    expect(problem).toBe(`task_id: expected a UUID, got "${"x".repeat(39)}…`);
  });

  it.each([null, "text", 7, []])("speaks of the data as a whole when it is no object: %j", (data) => {
    expect(validateData("model.registered", data)).toEqual([
      expect.stringMatching(/^the data: expected an object, got /),
    ]);
    expect(validateData("job.started", data)).toEqual([
      expect.stringMatching(/^the data: expected an object, got /),
    ]);
  });
});

describe("model.registered", () => {
  it("accepts the body that the registry sends today, around model", () => {
    const model = {
      id: "1",
      name: "scoring",
      status: "registered",
      version: 3,
      run_id: "f2c1",
      user_id: 42,
      api_schema: { input: "text" },
      eval_spec: null,
      scorer_ref: "scorers/auroc@1",
      primary_metric: { name: "auroc", direction: "higher" },
      benchmark_spec_id: "b_1",
    };
    const timestamp = "2025-03-04T05:06:07.123456Z";
    const data = { event_type: "model_registered", model, timestamp, source: "mlflow" };
    expect(validateData("model.registered", data)).toEqual([]);
    expect(validateData("model.registered", { ...data, model: { ...model, benchmark_spec_id: {} } })).toEqual(
      ["model.benchmark_spec_id: expected a text or a number, got an object"],
    );
  });

  it("accepts the flat body of the registry's guide, whose address has 39 digits", () => {
    const data = {
      model_id: "sales-lead-scoring-v2",
      idempotency_key: "5f0c9a3e-7f0b-4c57-9a5e-2d1f7f1f8a10",
      registered_version: "3",
      timestamp: "2025-03-04T05:06:07Z",
      token_symbol: "LSCOR",
      baseline_metrics: { accuracy: 0.913 },
      metadata: { contributor_address: "0x742d35Cc6634C0532925a3b844Bc454e4438f44" },
    };
    expect(validateData("model.registered", data)).toEqual([]);
  });

  it("speaks of the shape that was meant", () => {
    expect(
      validateData("model.registered", { event_type: "model_registered", model: { name: "a" } }),
    ).toEqual(["model.id: expected a non-empty text, got nothing"]);
    expect(validateData("model.registered", { token_symbol: "A" })).toEqual([
      "model_id: expected a non-empty text, got nothing",
    ]);
  });

  it("takes null for absent, as Python producers write it", () => {
    const data = { model_id: "m", token_symbol: null, metadata: { tags: null, mlflow_run_id: null } };
    expect(validateData("model.registered", data)).toEqual([]);
  });

  it("refuses a contributor's address that is no text", () => {
    const data = { model_id: "m", metadata: { contributor_address: 7 } };
    expect(validateData("model.registered", data)).toEqual([
      "metadata.contributor_address: expected a text, got 7",
    ]);
  });
});

describe("the other known types", () => {
  it.each(["2025-03-04T05:06:07Z", "2025-03-04T05:06:07.123456+00:00", "2025-03-04T05:06:07.123456"])(
    "take %s for a moment",
    (timestamp) => expect(validateData("task_started", { ...TASK, timestamp })).toEqual([]),
  );

  it.each(["yesterday", "2025-03-04", "1741064767", 1_741_064_767])(
    "do not take %j for a moment",
    (timestamp) => {
      expect(validateData("task_started", { ...TASK, timestamp })).toEqual([
        `timestamp: expected an ISO 8601 date and time, got ${JSON.stringify(timestamp)}`,
      ]);
    },
  );

  it.each([-1, 101])("refuse a progress of %i", (progress) => {
    expect(validateData("task_progress", { ...TASK, progress })).toEqual([
      `progress: expected a number from 0 to 100, got ${progress}`,
    ]);
  });

  it("ask a failed task for its error", () => {
    expect(validateData("task_failed", TASK)).toEqual(["error: expected an object, got nothing"]);
  });

  it("ask a job for what klipstream's body names", () => {
    expect(validateData("job.cancelled", { data: {} })).toEqual([
      "job_id: expected a non-empty text, got nothing",
      "video_id: expected a non-empty text, got nothing",
    ]);
  });

  it("take an object only for a job's own data", () => {
    expect(validateData("job.started", { job_id: "job_1", video_id: "vid_1", data: [] })).toEqual([
      "data: expected an object, got an array",
    ]);
  });

  it("ask a workflow's body to name the event it is published as", () => {
    expect(validateData("workflow.failed", { event: "workflow.completed", job_id: "wf_1" })).toEqual([
      'event: expected "workflow.failed", got "workflow.completed"',
    ]);
  });

  it("names the first of many problems, and how many more there are", () => {
    const baseline_metrics = Object.fromEntries(Array.from({ length: 1_000 }, (_, nth) => [`m${nth}`, "x"]));
    const problems = validateData("model.registered", {
      model_id: "m",
      registered_version: 1,
      baseline_metrics,
    });
    expect(problems).toHaveLength(101);
    expect(problems.at(-1)).toBe("and 900 more problems");
  });
});

describe("warningsAbout", () => {
  const ADDRESS = "0x742d35Cc6634C0532925a3b844Bc454e4438f44";

  it("names forms of model.registered that are unusual, in the flat body and in the one around model", () => {
    const metadata = { contributor_address: ADDRESS };
    const flat = { model_id: "m", idempotency_key: "scoring/3", metadata };
    expect(validateData("model.registered", flat)).toEqual([]);
    expect(warningsAbout("model.registered", flat)).toEqual([
      'idempotency_key: expected a UUID, got "scoring/3"',
      `metadata.contributor_address: expected 0x and 40 hexadecimal digits, got "${ADDRESS.slice(0, 39)}…`,
    ]);
    const around = { event_type: "model_registered", model: { id: "1" }, metadata };
    expect(warningsAbout("model.registered", around)).toHaveLength(1);
  });

  it.each(["workflow.completed", "workflow.failed", "llm.step.completed"])(
    "names forms of %s that its site shows as they are",
    (event) => {
      const data = { event, job_id: "wf_1", timestamp: "yesterday", cost_usd: -1, duration_ms: -2 };
      expect(validateData(event, data)).toEqual([]);
      expect(warningsAbout(event, data)).toEqual([
        "cost_usd: expected a number from 0 up, got -1",
        "duration_ms: expected a number from 0 up, got -2",
        'timestamp: expected an ISO 8601 date and time, got "yesterday"',
      ]);
      expect(validateData(event, { ...data, cost_usd: "-1", timestamp: 7 })).toHaveLength(2);
    },
  );

  it("has nothing to say about null, absent and unknown members, custom types, and types whose receivers bear nothing", () => {
    const nothing = {
      model_id: "m",
      idempotency_key: null,
      metadata: { contributor_address: null },
      more: 1,
    };
    expect(warningsAbout("model.registered", nothing)).toEqual([]);
    expect(warningsAbout("model.registered", { model_id: "m" })).toEqual([]);
    expect(warningsAbout("constructor", { idempotency_key: "scoring/3" })).toEqual([]);
    expect(warningsAbout("task_started", TASK)).toEqual([]);
  });
});
