/**
 * `hookwave certify`: tests a receiver as the sender will treat it, and says what to mend. It sends real, rightly
 * signed events: to be pointed at receivers that may have them.
 */

import { readEnvironment } from "../../config/environment.ts";
import { system } from "../../config/system.ts";
import { type Endpoint, PROFILE_NAMES, SIGNATURE_ENCODINGS, SIGNED_CONTENTS } from "../../core/endpoint.ts";
import { openDirectSender } from "../../manage/direct-sender.ts";
import type { Invocation } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { secretsOf } from "../expectation.ts";
import type { Report } from "../report.ts";
import { alignRows } from "../rows.ts";
import { HUES } from "../state-hues.ts";
import type { Style, Terminal } from "../terminal.ts";
import { choice } from "../values.ts";
import { type CheckResult, runChecks } from "./checks.ts";

export async function certify(asked: Invocation, { style }: Terminal): Promise<Report> {
  const sender = openDirectSender(requestOf(asked), readEnvironment(), system);
  try {
    return conclude(sender.endpoint, await runChecks(sender, system), style);
  } finally {
    await sender.close();
  }
}

/** The endpoint that the receiver would be registered as. */
function requestOf(asked: Invocation): Parameters<typeof openDirectSender>[0] {
  const signatureHeader = asked.one("signature-header");
  const signatureEncoding = choice(asked, "signature-encoding", SIGNATURE_ENCODINGS);
  const signedContent = choice(asked, "signed-content", SIGNED_CONTENTS);
  return {
    url: asked.operands[0] ?? "",
    profile: choice(asked, "profile", PROFILE_NAMES) ?? "standard",
    secrets: secretsOf(asked),
    replayProtection: asked.has("replay-protection"),
    signaturePrefix: !asked.has("bare-signature"),
    ...(signatureHeader !== undefined && { signatureHeader }),
    ...(signatureEncoding !== undefined && { signatureEncoding }),
    ...(signedContent !== undefined && { signedContent }),
  };
}

const GRADES = ["pass", "warn", "fail"] as const;

function conclude({ url, profile }: Endpoint, checks: readonly CheckResult[], style: Style): Report {
  const [passed = 0, warned = 0, failed = 0] = GRADES.map(
    (grade) => checks.filter((one) => one.grade === grade).length,
  );
  const isCertified = failed === 0;
  const unasked =
    checks.length > 1 ? "" : "\n\n  the rest was not asked: it says nothing before this is accepted";
  const verdict = `${passed} passed, ${warned} warned, ${failed} failed`;
  const text = `${url}, profile ${profile}\n\n${checkLines(checks, style)}${unasked}

  ${style(isCertified ? "green" : "red", verdict)}`;
  const json = { isCertified, url, profile, passed, warned, failed, checks };
  return { text, json, exitCode: isCertified ? EXIT.ok : EXIT.failure };
}

/** Each check in a row, its advice below it. */
function checkLines(checks: readonly CheckResult[], style: Style): string {
  const rows = checks.map(({ grade, check, got, tookMs }) => [
    style(HUES[grade], grade === "fail" ? "FAIL" : grade),
    check,
    got,
    style("dim", `${tookMs} ms`),
  ]);
  const lines = alignRows(rows, [3]).split("\n");
  return checks
    .map(({ advice }, at) => lines[at] + (advice === null ? "" : `\n        ${advice}`))
    .join("\n");
}
