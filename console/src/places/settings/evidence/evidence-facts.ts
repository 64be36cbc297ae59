// What follows from the evidence log's state. Pure.

/** `3f2a 91c0 …`: 64 digits are compared by people in groups of four. */
export const groupFingerprint = (fingerprint: string): string => fingerprint.match(/.{1,4}/g)?.join(" ") ?? "";

/** A checkpoint is due every minute; after three something is wrong. */
const LATE_MS = 180_000;

export const isCheckpointLate = (signedMs: number | null, nowMs: number): boolean =>
  signedMs === null || nowMs - signedMs > LATE_MS;

/** Facts that wait to be logged, the worst volume first. */
export function behindOf(behind: Readonly<Record<string, number>>): { total: number; volumes: [string, number][] } {
  const volumes = Object.entries(behind)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
  return { total: volumes.reduce((sum, [, count]) => sum + count, 0), volumes };
}

/** Does the present key sign with Ed25519 alone? Keys from before ML-DSA-44 came in do, until they are changed. */
export const signsWithOne = (keys: readonly { to: string | null; signatures: readonly string[] }[]): boolean =>
  keys.some((key) => key.to === null && key.signatures.length < 2);
