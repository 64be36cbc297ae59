/** Whether this machine keeps up: what a picture costs against the time from one picture to the next. Pure. */

const COSTS = 5;
/** Steps of the picture's time that are looked at before one is believed, and at most. */
const STEPS_LEAST = 7;
const STEPS_MOST = 32;
/** No screen is asked for more than 60 pictures a second, however fast a recording is played. */
const SCREEN_MS = 1000 / 60;

export class Pace {
  #lastMs: number | null = null;
  #steps: number[] = [];
  #costs: number[] = [];

  /** A shown picture's time on the stream. */
  frame(mediaMs: number): void {
    const stepMs = this.#lastMs === null ? 0 : mediaMs - this.#lastMs;
    this.#lastMs = mediaMs;
    if (stepMs >= 1) this.#steps = [...this.#steps, stepMs].slice(-STEPS_MOST); // else the same again, or a jump backwards
  }

  /**
   * Milliseconds from one picture to the next, or null while that is not known: the lower quartile, because a busy
   * machine leaves pictures out and the clocks of cameras jitter.
   */
  get intervalMs(): number | null {
    const steps = [...this.#steps].sort((a, b) => a - b);
    return steps.length < STEPS_LEAST ? null : (steps[steps.length >> 2] as number);
  }

  cost(ms: number): void {
    this.#costs = [...this.#costs, ms].slice(-COSTS);
  }

  /** Median of the last costs, or null before there are enough. */
  get costMs(): number | null {
    return this.#costs.length < COSTS ? null : ([...this.#costs].sort((a, b) => a - b)[COSTS >> 1] as number);
  }

  /** Whether a picture takes longer than the stream gives at this speed of playing. */
  isTooSlow(speed: number): boolean {
    const [costMs, intervalMs] = [this.costMs, this.intervalMs];
    return costMs !== null && intervalMs !== null && costMs > Math.max(intervalMs / Math.max(speed, 0.1), SCREEN_MS);
  }
}
