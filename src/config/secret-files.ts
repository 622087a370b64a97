/**
 * Secrets from files, as compose and Kubernetes hand them out: NAME_FILE holds the path of a file with the value of NAME,
 * so that no secret lies in an environment that others can list.
 */
import { readFileSync } from "node:fs";
import { summarise } from "../core/errors.ts";
import { type Environment, SETTINGS } from "./settings.ts";

interface WithFiles {
  /** With what the files hold, and without the variables that named them. */
  readonly env: Environment;
  readonly problems: readonly string[];
}

export function withSecretFiles(env: Environment): WithFiles {
  const whole: Record<string, string | undefined> = { ...env };
  const problems: string[] = [];
  for (const { variable, isSecret } of SETTINGS) {
    const named = `${variable}_FILE`;
    const path = env[named]?.trim();
    if (isSecret !== true || !path) continue;
    delete whole[named];
    if (env[variable]?.trim())
      problems.push(`${named}: expected either it or ${variable}, got both; unset one of them`);
    else
      try {
        const text = readFileSync(path, "utf8");
        whole[variable] = text;
        if (text.trim() === "")
          problems.push(
            `${named}: expected a file with its value, got an empty one; write the secret into it`,
          );
      } catch (error) {
        const { code, message } = summarise(error);
        problems.push(
          `${named}: expected a file that this process may read, got ${code ?? message} for ${shown(path)}; correct the path or its rights`,
        );
      }
  }
  return { env: whole, problems };
}

/** Somebody may have put the secret itself there. */
const shown = (path: string): string =>
  path.includes("/") ? path : `a hidden name of ${path.length} characters`;
