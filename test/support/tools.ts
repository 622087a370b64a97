/** Tools that are not npm's, where they are: on PATH, or where .ci/run installs those of .ci/requirements.txt. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const HOME = "node_modules/.cache/hookwave-tools";
const INSTALLED = fileURLToPath(new URL(`../../${HOME}/bin`, import.meta.url));

export const INSTALL_TOOLS = `python3 -m venv ${HOME} && ${HOME}/bin/pip install -r .ci/requirements.txt`;

/** Its path, or null. */
export function toolPath(name: string): string | null {
  const directories = [...(process.env["PATH"] ?? "").split(delimiter), INSTALLED];
  return directories.map((directory) => join(directory, name)).find(existsSync) ?? null;
}
