/**
 * The event of the model registry: a model is registered. Its data is the request body as it stands (profile
 * `hokusai`), in the flat shape of the registry's guide or the one around `model` that it sends today. Only what names
 * the model is required, and null stands for absent, as Python producers write it.
 */
import { z } from "zod";
import {
  AN_OBJECT,
  address,
  anyObject,
  anyText,
  anyValue,
  label,
  moment,
  number,
  object,
  text,
  uuid,
} from "./fields.ts";
import { known } from "./known-event.ts";

const metadata = object({
  model_name: text.nullish(),
  mlflow_run_id: text.nullish(),
  contributor_address: anyText.nullish(),
  experiment_name: text.nullish(),
  tags: anyObject.nullish(),
});

const flat = object({
  model_id: text,
  /** Anything that can stand in a header is sent in `X-Hokusai-Idempotency-Key`. */
  idempotency_key: text.nullish(),
  registered_version: label.nullish(),
  timestamp: moment.nullish(),
  token_symbol: text.nullish(),
  baseline_metrics: z.record(z.string(), number, "an object of numbers").nullish(),
  metadata: metadata.nullish(),
});

const aroundModel = object({
  event_type: z.literal("model_registered", '"model_registered"'),
  model: object({
    id: text,
    name: text.nullish(),
    status: text.nullish(),
    version: label.nullish(),
    run_id: text.nullish(),
    user_id: label.nullish(),
    api_schema: anyValue,
    eval_spec: anyValue,
    scorer_ref: anyValue,
    primary_metric: anyValue,
    benchmark_spec_id: label.nullish(),
  }),
  timestamp: moment.nullish(),
  source: text.nullish(),
});

/** Every receiver takes others, too: the guide's own example has an address of 39 digits. */
const custom = object({
  idempotency_key: uuid.nullish(),
  metadata: object({ contributor_address: address.nullish() }).nullish(),
});

export const modelEvents = {
  "model.registered": known(
    z.union([flat, aroundModel], AN_OBJECT),
    "A model is registered and ready to be used.",
    {
      model_id: "sales-lead-scoring-v2",
      idempotency_key: "5f0c9a3e-7f0b-4c57-9a5e-2d1f7f1f8a10",
      registered_version: "3",
      timestamp: "2025-03-04T05:06:07Z",
      token_symbol: "LSCOR",
      baseline_metrics: { accuracy: 0.913, auroc: 0.884 },
      metadata: {
        model_name: "Sales lead scoring",
        mlflow_run_id: "f2c1e6a0d3b84c5e9a7d",
        contributor_address: "0x742d35Cc6634C0532925a3b844Bc454e4438f44e",
        experiment_name: "lead-scoring",
        tags: { team: "growth" },
      },
    },
    custom,
  ),
};
