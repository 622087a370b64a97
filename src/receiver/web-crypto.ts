/**
 * The platform's WebCrypto, in a place of its own: the package hookwave-receiver has another one beside it for a Node
 * (18) that has WebCrypto, but not as a global.
 */
export const webCrypto = globalThis.crypto;
