/** A secret of Standard Webhooks that a test can tell from others by a name of up to 24 letters. */
export const secretOf = (name: string): string =>
  `whsec_${Buffer.from(name.padEnd(24, "-")).toString("base64")}`;
