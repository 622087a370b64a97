/**
 * The service inside a program of somebody else's, where it is a guest (decision 37): it says by the program's own logger
 * what happens, and takes only what it was given.
 */
import { type Hookwave, type OpenOptions, openHookwave } from "../app.ts";
import { type Config, configWith, insistOptions } from "../config/environment.ts";
import {
  ALL_SETTINGS,
  ANYTHING,
  FUNCTIONS,
  LOGGER,
  optionProblems,
  TRUE_OR_FALSE,
} from "../config/options.ts";
import { system } from "../config/system.ts";
import type { Logger } from "../core/logger.ts";
import { openProgramLog } from "../observe/program-log.ts";
import { placeProblems } from "./place.ts";

/** Any setting of the configuration, under its name there; the others keep their defaults. */
export interface HookwaveOptions extends OpenOptions {
  /**
   * Takes all lines of the log, as pino and its like do: fields and a message. False for no log. When absent, warnings and
   * errors go to standard error, or what `logLevel` says.
   */
  readonly logger?: Logger | false | undefined;
}

export interface EmbeddedHookwave extends Hookwave {
  /** Of use to `hookwave/express` and `hookwave/fastify` alone: with what the API is served in the program's own server. */
  readonly mounting: {
    readonly settings: Pick<Config, (typeof API_SETTINGS)[number]>;
    readonly logger: Logger;
    readonly delivers: boolean;
  };
}

const API_SETTINGS = [
  "apiUrl",
  "apiRateLimit",
  "apiRateLimitUnknown",
  "apiConnectionsUnknown",
  "apiTrustedProxies",
  "apiDefaultProfile",
  "klipstreamCompat",
  "apiDocs",
  "console",
  "consoleHidePayloads",
  "metrics",
  "metricsPort",
] as const satisfies readonly (keyof Config)[];

const OPTIONS = {
  settings: ALL_SETTINGS,
  others: {
    traces: TRUE_OR_FALSE,
    listeners: FUNCTIONS,
    logger: LOGGER,
    connection: ANYTHING,
    // Of a configuration that was read from the environment, and is passed on as it is.
    warnings: ANYTHING,
    unheededProxies: ANYTHING,
  },
};

/** One that is made in each place where the service runs opens nothing that another has sealed: only a `dataDir` asks for it. */
function keyProblems({ encryptionKey, dataDir }: Partial<HookwaveOptions>): readonly string[] {
  if ((encryptionKey ?? null) !== null || (dataDir ?? null) !== null) return [];
  return [
    'encryptionKey: expected a Buffer of 32 bytes, the same in every process, or a dataDir in which one is made and kept, got neither; make one with: openssl rand -base64 32, and pass Buffer.from(text, "base64")',
  ];
}

/** No more of the configuration than the API needs: the rest has secrets. */
function apiSettingsOf(options: HookwaveOptions): EmbeddedHookwave["mounting"]["settings"] {
  const given = API_SETTINGS.map((name) => [name, options[name]] as const);
  const { apiUrl, apiRateLimit, apiRateLimitUnknown, apiConnectionsUnknown, ...config } = configWith(
    Object.fromEntries(given),
  );
  const { apiTrustedProxies, apiDefaultProfile, klipstreamCompat, apiDocs, ...pages } = config;
  const { console, consoleHidePayloads, metrics, metricsPort } = pages;
  const limits = { apiRateLimit, apiRateLimitUnknown, apiConnectionsUnknown, apiTrustedProxies };
  const dialect = { apiDefaultProfile, klipstreamCompat };
  return { apiUrl, ...limits, ...dialect, apiDocs, console, consoleHidePayloads, metrics, metricsPort };
}

/** The whole service, embeddable. It delivers from `start` on; publishing works before that, too. */
export async function createHookwave(options: HookwaveOptions): Promise<EmbeddedHookwave> {
  const given = Object(options);
  insistOptions([...optionProblems(given, OPTIONS), ...placeProblems(given), ...keyProblems(given)]);
  const { logger: _, listeners = [], ...settings } = options;
  const { tell, askBy, close, logger } = openProgramLog(options, system);
  try {
    const hookwave = await openHookwave({ ...settings, listeners: [tell, ...listeners] });
    askBy(async () => (await hookwave.redisState()).kind === "writable");
    return {
      ...hookwave,
      mounting: { settings: apiSettingsOf(options), logger, delivers: options.role !== "api" },
      close: async () => {
        await hookwave.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
