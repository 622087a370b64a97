/** A fact in a list of facts: its name, and what it is. */
import type { ComponentChildren } from "preact";

export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
