/** The Redis of a program that embeds or publishes: by a URL, or by a connection that it has already. */
import { refusedOptions } from "../config/environment.ts";
import { optionProblems } from "../config/options.ts";
import { redisContradictions } from "../config/redis-settings.ts";
import {
  connectionProblem,
  type PlaceSettings,
  placeAt,
  placeOf,
  type RedisConnection,
  type RedisPlace,
} from "../store/redis-place.ts";

interface Places {
  readonly redisUrl?: string | null;
  readonly connection?: RedisConnection | undefined;
}

const ITS_URL = { settings: { redisUrl: "redisUrl" }, required: ["redisUrl"] };

/** Of options as they were given, by whoever: nothing turns into localhost by itself. */
export function placeProblems(given: Readonly<Record<string, unknown>>): readonly string[] {
  const redisUrl = given["redisUrl"] ?? undefined;
  const connection = given["connection"] ?? undefined;
  const together = redisContradictions(
    (key) => given[key],
    (key) => key,
  );
  if (connection === undefined) return redisUrl === undefined ? optionProblems({}, ITS_URL) : together;
  const problem = connectionProblem(connection);
  return [
    ...(redisUrl === undefined
      ? []
      : ["connection: expected it or redisUrl, got both; leave one of them out"]),
    ...(problem === null ? [] : [`connection: ${problem}`]),
    ...together,
  ];
}

/** Of options without problems; without a place it throws CONFIG_INVALID all the same. */
export function placeIn({ redisUrl, connection }: Places, settings: PlaceSettings): RedisPlace {
  if (connection !== undefined) return placeOf(connection);
  if (typeof redisUrl === "string") return placeAt(redisUrl, settings);
  throw refusedOptions(placeProblems({}));
}
