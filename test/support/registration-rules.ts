/** Rules that an endpoint must keep to, for tests of what is asked for. */
import { createAddressPolicy } from "../../src/deliver/address-guard.ts";
import { checkHeaders } from "../../src/deliver/header-policy.ts";
import { checkUrl } from "../../src/deliver/url-policy.ts";
import type { RegistrationRules } from "../../src/endpoints/problems.ts";
import { secretProblem } from "../../src/wire/standard-webhooks.ts";

const policy = createAddressPolicy({ allowHttp: false, allowPrivateNetworks: [] });
/** As a service has them that allows neither http nor private networks. */
export const registrationRules: RegistrationRules = {
  urlProblem: (url) => {
    const check = checkUrl(url, policy);
    return check.ok ? null : check.problem;
  },
  headerProblems: checkHeaders,
  secretProblem,
  defaults: { timeoutMs: 15_000, retrySchedule: [2_000, 4_000], retryDelayMs: 2_000, maxInFlight: 10 },
};
