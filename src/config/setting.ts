/**
 * One setting: its variable, form, default and documentation, tied to the schema that reads it. The tables of settings
 * are written with this.
 */
import { z } from "zod";
import type * as forms from "./forms.ts";

export interface About {
  readonly variable: string;
  /** One or two plain sentences. */
  readonly doc: string;
  /** The unit of a number that is written without one. */
  readonly unit?: string;
  /** Never shown, not even in the message that refuses it. */
  readonly isSecret?: boolean;
  /** The way to a good value, where an example is not enough. */
  readonly remedy?: string;
}

interface Described extends About {
  readonly expected: string;
  readonly inCode: forms.InCode;
  /** Would a variable's text do? */
  readonly isText: (text: string) => boolean;
  /** As it would be written in the environment; null when there is none. */
  readonly default: string | null;
}

export interface Setting extends Described {
  /** The name it has in the configuration. */
  readonly key: string;
  readonly group: string;
}

export const aboutSettings = z.registry<Described>();

export function setting<Value>(form: forms.Form<Value>, defaultText: string, about: About) {
  const described = { ...about, ...descriptionOf(form), default: defaultText };
  return form.schema.prefault(defaultText).register(aboutSettings, described);
}

/** A setting that may be absent: null. */
export function optionalSetting<Value>(form: forms.Form<Value>, about: About) {
  const described = { ...about, ...descriptionOf(form), default: null };
  return form.schema.nullable().default(null).register(aboutSettings, described);
}

const descriptionOf = <Value>({ expected, inCode, schema }: forms.Form<Value>) => ({
  expected,
  inCode,
  isText: (text: string): boolean => schema.safeParse(text).success,
});
