/** `hookwave completion <shell>`: the script that lets a shell complete the words of this command. */
import { nearest } from "../../config/nearest.ts";
import { type Invocation, usage } from "../command-line.ts";
import { completionScript } from "../completion/scripts.ts";
import { SHELLS } from "../completion/shells.ts";
import { type Report, report } from "../report.ts";

export function completion(asked: Invocation): Report {
  const [text = ""] = asked.operands;
  const shell = SHELLS.find((name) => name === text);
  if (shell === undefined)
    throw usage(`completion with one of ${SHELLS.join(", ")}`, JSON.stringify(text), nearest(text, SHELLS));
  const script = completionScript(shell);
  return report(script, { shell, script });
}
