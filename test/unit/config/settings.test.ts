import { describe, expect, it } from "vitest";
import { configSchema, SETTINGS } from "../../../src/config/settings.ts";

describe("the settings' table", () => {
  it("describes every setting of the configuration, each variable once", () => {
    expect(SETTINGS.map(({ key }) => key)).toEqual(Object.keys(configSchema.shape));
    expect(new Set(SETTINGS.map(({ variable }) => variable)).size).toBe(SETTINGS.length);
  });

  it("has defaults that their own forms accept", () => {
    expect(configSchema.safeParse({}).error).toBeUndefined();
  });
});
