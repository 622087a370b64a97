/**
 * One setting of an endpoint: its names, form, default and documentation, and the option that sets it. The tables in
 * settings.ts are written with this; everything else that is said of a setting anywhere is read from them.
 */
import type { z } from "zod";
import type { Endpoint } from "../core/endpoint.ts";

/** The forms of one value: in code, as JSON asks for it, and as JSON shows it. */
export interface Form<Value, Shown> {
  /** Goes on after "expected". */
  readonly expected: string;
  /** With its bounds. */
  readonly schema: z.ZodType<Value>;
  /** The same bounds in JSON's units; its output is the value in code. */
  readonly asked: z.ZodType<Value>;
  /** Without bounds: what is stored can be shown, also when it was stored under wider ones. */
  readonly shown: z.ZodType<Shown>;
}

/** The ways in which a command line writes a value: cli/endpoint-fields.ts reads them. */
export type Reading =
  | "text"
  | "texts"
  | "list"
  | "profile"
  | "profiles"
  | "on"
  | "off"
  | "flag"
  | "number"
  | "duration"
  | "waits"
  | "rate"
  | "headers"
  | "labels";

export interface SettingOption {
  /** Without the dashes. */
  readonly name: string;
  /** The word for the value in help; null for a switch. */
  readonly value: string | null;
  readonly reading: Reading;
  /** For an option that the setting's own sentence does not fit. */
  readonly doc?: string;
  readonly isRepeatable?: boolean;
  /** The words it may be, where they are few. */
  readonly choices?: readonly string[];
}

export interface Setting<
  Value = unknown,
  Json extends string = string,
  Shown = unknown,
  Default extends Value | null = Value | null,
  Show extends ((endpoint: Endpoint) => Shown) | null = ((endpoint: Endpoint) => Shown) | null,
> {
  readonly json: Json;
  readonly form: Form<Value, Shown>;
  readonly default: Default;
  /** In words what counts where nothing is given, if that is not the default as it stands. */
  readonly otherwise?: string;
  /** One sentence. */
  readonly doc: string;
  /** Or why a command line has none. */
  readonly option: SettingOption | { readonly none: string };
  /** Null for what no answer shows. */
  readonly show: Show;
  /** Its text is repeated by no message. */
  readonly isSecret?: boolean;
}

/** By the names that settings have in code. */
export type Table = Readonly<Record<string, Setting>>;

/** The values of a table's settings, all of them. */
export type ValuesOf<Of> = {
  readonly [Name in keyof Of]: Of[Name] extends { readonly form: Form<infer Value, unknown> } ? Value : never;
};

type DefaultsOf<Of extends Table> = { readonly [Name in keyof Of]: Of[Name]["default"] };

export function setting<
  Value,
  const Json extends string,
  Shown,
  const Default extends Value | null,
  Show extends ((endpoint: Endpoint) => Shown) | null,
>(one: Setting<Value, Json, Shown, Default, Show>): Setting<Value, Json, Shown, Default, Show> {
  return one;
}

export function defaultsOf<Of extends Table>(table: Of): DefaultsOf<Of> {
  return Object.assign({}, ...Object.entries(table).map(([name, one]) => ({ [name]: one.default })));
}

/** Null means the same as absent wherever it is no value. */
export const takesNull = ({ form }: Setting): boolean => form.schema.safeParse(null).success;

/** For people, what holds without it. */
export function defaultText({ default: value, otherwise }: Setting): string {
  if (otherwise !== undefined) return otherwise;
  if (Array.isArray(value)) return value.map((one) => `\`${one}\``).join(", ") || "none";
  if (typeof value === "object" || value === "") return "none";
  return `\`${value}\``;
}
