/** The dry run of an event with one receiver, in words: when it would be sent, and what stands in its way. */
import type { ExplanationInJson } from "../api/routes/test-and-explain.ts";
import type { WouldSend } from "../core/dry-run.ts";
import { Ago, State } from "./words.tsx";

const WOULD: Readonly<Record<WouldSend, readonly [tone: string, text: string]>> = {
  now: ["delivered", "would be sent now"],
  later: ["held", "would be sent later"],
  never: ["buried", "would not be sent"],
};

export function Would({ would }: { readonly would: WouldSend }) {
  const [word, text] = WOULD[would];
  return <State word={word} text={text} />;
}

export function Reasons({ reasons }: Pick<ExplanationInJson, "reasons">) {
  return (
    <ul class="reasons">
      {reasons.map(({ code, detail, until }) => (
        <li key={code}>
          <code>{code}</code> {detail}
          {until !== null && (
            <>
              {" "}
              It ends by itself <Ago at={until} />.
            </>
          )}
        </li>
      ))}
    </ul>
  );
}
