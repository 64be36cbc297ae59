/**
 * Keeps a live picture near the live edge: how fast to play, and when to jump. Pure: values in, a decision out.
 *
 * The target distance is a compromise between latency and running dry. 0.08 s gave 57 ms from packet to screen without a
 * stall on an idle machine; 0.04 s gave 113 stalls in 12 s. So it starts at 0.06 s, grows with each stall and shrinks
 * slowly while all is well.
 */

export interface DriftPolicy {
  readonly minTargetS: number;
  readonly maxTargetS: number;
  /** Beyond target + this, jumping is better than watching a fast film. */
  readonly jumpS: number;
  /** Without a stall for this long the target shrinks by a fifth. */
  readonly calmS: number;
  /** So long after the decoder fell behind, it is spared. */
  readonly spareS: number;
  /** False: a change of speed is as dear as a jump (`canChangeSpeed`), so there is none and the decoder is always spared. */
  readonly changesSpeed: boolean;
}

export const LIVE_POLICY: DriftPolicy = {
  minTargetS: 0.06,
  maxTargetS: 1.0,
  jumpS: 1.0,
  calmS: 5,
  spareS: 10,
  changesSpeed: true,
};

/** Without small corrections the distance has to carry more, and running dry costs more. */
export const JUMPING_POLICY: DriftPolicy = { ...LIVE_POLICY, minTargetS: 0.25, changesSpeed: false };

export type DriftDecision = { readonly kind: "rate"; readonly rate: number } | { readonly kind: "jump"; readonly lagS: number };

/** After joining or a hiccup of the network: a second is caught up within a second, without another seek. */
const VERY_FAST = 2;
const FAST = 1.1;
const SLIGHTLY_FAST = 1.03;
const SLIGHTLY_SLOW = 0.97;
/** A spared decoder jumps to a key frame beyond target + this. */
const SPARED_JUMP_S = 0.5;
/** It waits this long beyond `jumpS` for a key frame; cameras with "smart" encoding may send none for minutes. */
const KEY_PATIENCE_S = 4;

export class DriftControl {
  #policy: DriftPolicy;
  #targetS: number;
  #rate = 1;
  #calmSinceS: number | null = null;
  #starvedAtS = Number.NEGATIVE_INFINITY;

  constructor(policy: DriftPolicy) {
    this.#policy = policy;
    this.#targetS = policy.minTargetS;
  }

  get targetS(): number {
    return this.#targetS;
  }

  /** Playback ran dry: aim further from the edge. */
  stalled(nowS: number): void {
    this.#targetS = Math.min(this.#policy.maxTargetS, this.#targetS * 1.3 + 0.02);
    this.#calmSinceS = nowS;
  }

  /**
   * Playback ran dry although pictures were waiting: the decoder is short of processor. More distance would not help it,
   * and double speed or a jump into a GOP, all of which it would have to decode unseen, would hold it up for good.
   */
  starved(nowS: number): void {
    this.#starvedAtS = nowS;
  }

  /** Decides for the present distance to the live edge; `keyLagS` is that of the newest key frame not yet shown, or null. */
  decide(lagS: number, nowS: number, keyLagS: number | null = null): DriftDecision {
    this.#shrink(nowS);
    const target = this.#targetS;
    const isSpared = !this.#policy.changesSpeed || nowS - this.#starvedAtS < this.#policy.spareS;
    const toS = isSpared ? this.#chooseKey(lagS, keyLagS) : lagS > target + this.#policy.jumpS ? target : null;
    if (toS !== null) {
      this.#rate = 1;
      return { kind: "jump", lagS: toS };
    }
    if (!this.#policy.changesSpeed) return { kind: "rate", rate: 1 };
    if (lagS > target + 0.3) this.#rate = isSpared ? FAST : VERY_FAST;
    else if (lagS > target + 0.06) this.#rate = FAST;
    else if (lagS > target + 0.02) this.#rate = this.#rate >= FAST ? FAST : SLIGHTLY_FAST;
    else if (lagS < target * 0.4) this.#rate = SLIGHTLY_SLOW;
    else if (lagS < target) this.#rate = 1;
    return { kind: "rate", rate: this.#rate };
  }

  /** Where a spared decoder jumps to: a key frame costs it nothing, so it may come sooner than another jump; or null. */
  #chooseKey(lagS: number, keyLagS: number | null): number | null {
    const leastS = this.#policy.changesSpeed ? 0 : this.#targetS; // who cannot slow down would run dry at once
    if (keyLagS !== null && keyLagS >= leastS && lagS > this.#targetS + SPARED_JUMP_S) return keyLagS;
    return lagS > this.#targetS + this.#policy.jumpS + KEY_PATIENCE_S ? this.#targetS : null;
  }

  #shrink(nowS: number): void {
    this.#calmSinceS ??= nowS;
    if (nowS - this.#calmSinceS < this.#policy.calmS) return;
    this.#calmSinceS = nowS;
    this.#targetS = Math.max(this.#policy.minTargetS, this.#targetS * 0.8);
  }
}
