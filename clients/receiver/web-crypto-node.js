/** Node 18 has WebCrypto, but not as a global. */
import { webcrypto } from "node:crypto";

export const webCrypto = globalThis.crypto ?? webcrypto;
