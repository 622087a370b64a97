/** A case of isolation: something is in trouble, and something else must not notice. */
import type { Finding } from "../finding.ts";

export interface Case {
  readonly name: string;
  readonly run: (plan: Plan) => Promise<readonly Finding[]>;
}

/** `quick` proves in seconds that a case works; its figures mean little. */
export interface Plan {
  readonly isQuick: boolean;
}
