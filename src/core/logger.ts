/** A logger as most libraries of Node have it, pino first: an embedding program may bring its own. */

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Each level takes fields and a message, in this order. */
export type Logger = Readonly<Record<LogLevel, (fields: object, message: string) => void>>;
