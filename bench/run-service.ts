/** A child: the whole service, delivering until its parent lets go of it. */
import { once } from "node:events";
import { startService } from "./modes/hookwave.ts";
import { setupSchema } from "./workload.ts";

const [, setup = ""] = process.argv.slice(2);
const service = await startService(setupSchema.parse(JSON.parse(setup)), () => undefined);
process.send?.("ready");
await once(process, "disconnect");
await service.close();
