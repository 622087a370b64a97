/** Writes the files that are rendered from the settings' table. Run it after changing src/config/settings.ts. */
import { readFileSync, writeFileSync } from "node:fs";
import { renderConfigurationDoc, renderEnvExample, renderReadme } from "../src/config/render.ts";

const root = new URL("../", import.meta.url);
const files = {
  ".env.example": renderEnvExample(),
  "docs/configuration.md": renderConfigurationDoc(),
  "README.md": renderReadme(readFileSync(new URL("README.md", root), "utf8")),
};

for (const [path, text] of Object.entries(files)) {
  writeFileSync(new URL(path, root), text);
  console.log(`rendered ${path}`);
}
