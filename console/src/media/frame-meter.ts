/** Counts shown frames: rate, longest pause, and whether the picture is frozen. Pure; times are milliseconds of one clock. */
export class FrameMeter {
  #times: number[] = [];
  #lastMs: number | null = null;
  #longestPauseMs = 0;

  constructor(readonly windowMs = 2000) {}

  /** A new picture is on the screen. */
  frame(nowMs: number): void {
    if (this.#lastMs !== null) this.#longestPauseMs = Math.max(this.#longestPauseMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    this.#times.push(nowMs);
    this.#forget(nowMs);
  }

  /** Nobody could see the pause until now (hidden tab): it does not count. */
  excuse(nowMs: number): void {
    if (this.#lastMs !== null) this.#lastMs = nowMs;
    this.#times = [];
  }

  /** There is no picture any more (reconnect, camera away): the next frame is a first one. */
  interrupt(): void {
    this.#lastMs = null;
    this.#times = [];
  }

  fps(nowMs: number): number {
    this.#forget(nowMs);
    const first = this.#times[0];
    const last = this.#times[this.#times.length - 1];
    if (first === undefined || last === undefined || this.#times.length < 2) return 0;
    const intervalMs = (last - first) / (this.#times.length - 1);
    // A picture that stopped a second ago has half the rate, not the rate it had.
    const silentMs = nowMs - last > 2 * intervalMs ? nowMs - last : 0;
    return ((this.#times.length - 1) * 1000) / (last - first + silentMs);
  }

  /** Milliseconds since the last picture, or null before the first. */
  sinceLastMs(nowMs: number): number | null {
    return this.#lastMs === null ? null : nowMs - this.#lastMs;
  }

  /** Longest pause between two pictures, the running one included. */
  longestPauseMs(nowMs: number): number {
    return Math.max(this.#longestPauseMs, this.sinceLastMs(nowMs) ?? 0);
  }

  #forget(nowMs: number): void {
    while (this.#times.length > 0 && (this.#times[0] as number) < nowMs - this.windowMs) this.#times.shift();
  }
}
