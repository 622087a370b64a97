/** Writes the files that are rendered from the settings' table. Run it after changing src/config/settings.ts. */
import { writeFileSync } from "node:fs";
import { renderConfigurationDoc, renderEnvExample } from "../src/config/render.ts";

const root = new URL("../", import.meta.url);
const files = { ".env.example": renderEnvExample(), "docs/configuration.md": renderConfigurationDoc() };

for (const [path, text] of Object.entries(files)) {
  writeFileSync(new URL(path, root), text);
  console.log(`rendered ${path}`);
}
