/** A case of isolation: something is in trouble, and something else must not notice. */

export interface Finding {
  readonly promise: string;
  readonly seen: string;
  readonly isKept: boolean;
}

export interface Case {
  readonly name: string;
  readonly run: (plan: Plan) => Promise<readonly Finding[]>;
}

/** `quick` proves in seconds that a case works; its figures mean little. */
export interface Plan {
  readonly isQuick: boolean;
}

export const atMost = (promise: string, figure: number, most: number, unit: string): Finding => ({
  promise: `${promise} ≤ ${most} ${unit}`,
  seen: `${figure.toFixed(2)} ${unit}`,
  isKept: figure <= most,
});
