/** WebCrypto where it is a global: everywhere but on Node 18. */
export const webCrypto = globalThis.crypto;
