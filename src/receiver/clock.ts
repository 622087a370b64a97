/**
 * The receiver's own clock: it runs in other people's processes, where nothing composes it. Every function that needs
 * the time takes it as an option, with this as the default.
 */
export const systemNow = (): number => Date.now();
