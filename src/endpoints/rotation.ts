/** The settings of a rotation of an endpoint's secrets. Its effect on the endpoint is in revision.ts. */
import * as forms from "./forms.ts";
import { setting, type ValuesOf } from "./setting.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;

export const ROTATION = {
  graceMs: setting({
    json: "grace_seconds",
    form: forms.seconds(0, 7 * DAY_MS),
    default: DAY_MS,
    otherwise: "24h",
    doc: "For how long the secrets before it still sign, 0s to 7d.",
    option: { name: "grace", value: "<duration>", reading: "duration" },
    show: null,
  }),
  secret: setting({
    json: "secret",
    form: forms.secret(),
    default: null,
    otherwise: "generated, as the one before",
    doc: "The new secret.",
    option: { name: "secret", value: "<text>", reading: "text" },
    show: null,
    isSecret: true,
  }),
};

export type Rotation = Partial<ValuesOf<typeof ROTATION>>;
