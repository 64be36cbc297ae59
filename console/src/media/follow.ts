/** How a player follows the shared clock: by a little speed, or by a jump. Pure. */

export type FollowDecision = { readonly kind: "rate"; readonly rate: number } | { readonly kind: "seek" };

/** Beyond this a correction by speed would take longer than anyone accepts. */
const SEEK_BEYOND_S = 0.4;
/** Closer than this nobody sees. A frame lasts 40 ms. */
const CALM_S = 0.012;
export const MAX_CORRECTION = 0.05;

/**
 * `errorS`: clock minus picture, seconds of recorded time; positive: the picture is late. `maxCorrection`: by what part of
 * the speed it may be corrected; 0 where changes of speed are dear (`canChangeSpeed`).
 */
export function decideFollow(errorS: number, speed: number, maxCorrection: number): FollowDecision {
  if (Math.abs(errorS) > SEEK_BEYOND_S * Math.max(1, speed)) return { kind: "seek" };
  if (Math.abs(errorS) < CALM_S * Math.max(1, speed)) return { kind: "rate", rate: speed };
  const correction = Math.max(-maxCorrection, Math.min(maxCorrection, errorS / Math.max(1, speed)));
  return { kind: "rate", rate: clampRate(speed * (1 + correction)) };
}

/** Browsers refuse rates outside 0.0625 to 16. */
function clampRate(rate: number): number {
  return Math.max(0.0625, Math.min(16, rate));
}

/** From this speed on only key frames are sent: the rest could not be decoded in time. */
export function isKeysOnly(speed: number): boolean {
  return speed > 4;
}
