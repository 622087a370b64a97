/**
 * Combinations of profiles: which may sign one request together. The first decides the body, and every other signs that
 * body, so all of their signatures hold; what they may not do is write the same header, which a receiver would get once
 * and wrong for one of them.
 */
import { asEventId } from "../core/brand.ts";
import type { ProfileName, ProfileOptions } from "../core/endpoint.ts";
import type { PublishedEvent } from "../core/event.ts";
import { profiles } from "./profiles.ts";
import { signRequest } from "./sign.ts";

const SAMPLE: PublishedEvent = {
  id: asEventId("evt_sample"),
  type: "sample",
  timestamp: "2026-01-31T12:00:00Z",
  data: "{}",
};
const SIGNING = {
  secrets: ["sample"],
  attemptNumber: 1,
  timestamp: 0,
  nonce: "",
  url: "https://receiver.example.com/",
};

/** Problems of these profiles together, in words for the endpoint's owner; none when they fit. */
export function combinationProblems(
  names: readonly ProfileName[],
  options: ProfileOptions,
): readonly string[] {
  if (new Set(names).size < names.length) return [`expected each profile once, got ${names.join(", ")}`];
  const signing = { ...SIGNING, options };
  const common = Object.keys(signRequest(SAMPLE, profiles.standard, signing).headers);
  const own = names.flatMap((name) => Object.keys(profiles[name].headers(SAMPLE, SAMPLE.data, signing)));
  const written = [...common, ...own].map((header) => header.toLowerCase());
  return written
    .filter((header, index) => written.indexOf(header) < index)
    .map((header) => `expected each header to be written once, got ${header} from more than one profile`);
}
