/** Whether this machine keeps up: what a picture costs against the time from one picture to the next. Pure. */

const COSTS = 5;
/** Fewer suffice where they took so long together: who waits for seconds is not asked for a fifth picture. */
const COSTS_LEAST = 2;
const ENOUGH_MS = 1000;
/** No screen is asked for more than 60 pictures a second, however fast a recording is played. */
const SCREEN_MS = 1000 / 60;

export class Pace {
  #costs: number[] = [];

  cost(ms: number): void {
    this.#costs = [...this.#costs, ms].slice(-COSTS);
  }

  /** Median of the last costs (of two the smaller), or null before there are enough. */
  get costMs(): number | null {
    const sorted = [...this.#costs].sort((a, b) => a - b);
    const isEnough = sorted.length >= COSTS_LEAST && sorted.reduce((sum, ms) => sum + ms, 0) >= ENOUGH_MS;
    return sorted.length < COSTS && !isEnough ? null : (sorted[(sorted.length - 1) >> 1] as number);
  }

  /** Whether a picture takes longer than a stream with this time from one picture to the next gives at this speed. */
  isTooSlow(intervalMs: number, speed: number): boolean {
    return this.costMs !== null && this.costMs > Math.max(intervalMs / Math.max(speed, 0.1), SCREEN_MS);
  }
}
