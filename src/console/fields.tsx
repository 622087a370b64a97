/** Fields of a form: native inputs, each with its label, a hint, and what the service did not like of it. */
import type { ComponentChildren } from "preact";
import type { Problem } from "./api.ts";

export interface Field {
  /** As the API names the member. */
  readonly name: string;
  readonly title: string;
  readonly hint?: ComponentChildren;
  /** One line of text when absent. */
  readonly kind?: "text" | "area" | "secret" | "choice" | "several" | "file";
  /** Of `choice` and `several`: the value of each, with its words. */
  readonly choices?: readonly (readonly [value: string, words: string])[];
  /** The value at first; of `several`, those with commas between. */
  readonly value?: string;
  readonly placeholder?: string;
  readonly isRequired?: true;
  /** The only text that will do. */
  readonly exactly?: string;
}

/** The values of a form's fields. */
export type Given = FormData;

/** The text of a field, without white space around it. */
export const textIn = (given: Given, name: string): string => wholeTextIn(given, name).trim();

/** To the character. */
export function wholeTextIn(given: Given, name: string): string {
  const value = given.get(name);
  return typeof value === "string" ? value : "";
}

/** Texts between commas or white space. */
export const listIn = (given: Given, name: string): readonly string[] =>
  wholeTextIn(given, name)
    .split(/[\s,]+/)
    .filter((one) => one !== "");

/** Flaws by the field that they are about; `isAll` where there is none without a field. */
export function placed(problem: Problem | null, fields: readonly Field[]) {
  const named = (problem?.flaws ?? []).map(({ pointer, detail }) => ({
    name: fields.find(({ name }) => pointer === `#/${name}` || pointer.startsWith(`#/${name}/`))?.name,
    detail,
  }));
  const beside = new Map(
    named.flatMap(({ name, detail }) => (name === undefined ? [] : [[name, detail] as const])),
  );
  return { beside, isAll: named.length > 0 && named.every(({ name }) => name !== undefined) };
}

interface RowProps {
  readonly field: Field;
  readonly id: string;
  readonly flaw: string | undefined;
}

export function FieldRow({ field, id, flaw }: RowProps) {
  const { title, hint } = field;
  const notes = (
    <>
      {hint !== undefined && (
        <p class="muted" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {flaw !== undefined && (
        <p class="flaw" id={`${id}-flaw`}>
          {flaw}
        </p>
      )}
    </>
  );
  if (field.kind === "several")
    return (
      <fieldset class="field">
        <legend>{title}</legend>
        <Several field={field} />
        {notes}
      </fieldset>
    );
  return (
    <div class="field">
      <label for={id}>{title}</label>
      <Input field={field} id={id} flaw={flaw} />
      {notes}
    </div>
  );
}

function Several({ field: { name, choices = [], value = "" } }: Pick<RowProps, "field">) {
  const chosen = value.split(",");
  return (
    <>
      {choices.map(([one, words]) => (
        <label key={one}>
          <input type="checkbox" name={name} value={one} defaultChecked={chosen.includes(one)} /> {words}
        </label>
      ))}
    </>
  );
}

function Input({ field, id, flaw }: RowProps) {
  const { name, kind = "text", choices = [], value = "", placeholder, isRequired, exactly, hint } = field;
  const described = [hint === undefined ? [] : `${id}-hint`, flaw === undefined ? [] : `${id}-flaw`].flat();
  const common = {
    id,
    name,
    required: isRequired === true || exactly !== undefined,
    "aria-invalid": flaw !== undefined,
    "aria-describedby": described.length === 0 ? undefined : described.join(" "),
    spellcheck: false,
  };
  if (kind === "area")
    return <textarea {...common} rows={5} defaultValue={value} placeholder={placeholder} />;
  if (kind === "file") return <input {...common} type="file" />;
  if (kind === "choice")
    return (
      <select {...common}>
        {choices.map(([one, words]) => (
          <option key={one} value={one} selected={one === value}>
            {words}
          </option>
        ))}
      </select>
    );
  const line = {
    ...common,
    autocomplete: "off",
    defaultValue: value,
    placeholder,
    pattern: exactly,
  } as const;
  return kind === "secret" ? <input {...line} type="password" /> : <input {...line} type="text" />;
}
