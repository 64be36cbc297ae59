/** Counts shown frames: rate, longest pause, and whether the picture is frozen. Pure; times are milliseconds of one clock. */
export class FrameMeter {
  #seen: { atMs: number; presented: number }[] = [];
  #lastMs: number | null = null;
  #longestPauseMs = 0;

  constructor(readonly windowMs = 2000) {}

  /**
   * A new picture is on the screen; `presented` is how many the browser has shown of this source in all. Callbacks come
   * with the page's own rendering, so on a busy machine one of them may stand for several pictures.
   */
  frame(nowMs: number, presented: number): void {
    if (presented < (this.#seen.at(-1)?.presented ?? 0)) this.#seen = []; // another source counts from nothing
    if (this.#lastMs !== null) this.#longestPauseMs = Math.max(this.#longestPauseMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    this.#seen.push({ atMs: nowMs, presented });
    this.#forget(nowMs);
  }

  /** Nobody could see the pause until now (hidden tab): it does not count. */
  excuse(nowMs: number): void {
    if (this.#lastMs !== null) this.#lastMs = nowMs;
    this.#seen = [];
  }

  /** There is no picture any more (reconnect, camera away): the next frame is a first one. */
  interrupt(): void {
    this.#lastMs = null;
    this.#seen = [];
  }

  fps(nowMs: number): number {
    this.#forget(nowMs);
    const first = this.#seen[0];
    const last = this.#seen.at(-1);
    if (!first || !last || first === last) return 0;
    const frames = last.presented - first.presented;
    const intervalMs = (last.atMs - first.atMs) / frames;
    // A picture that stopped a second ago has half the rate, not the rate it had.
    const silentMs = nowMs - last.atMs > 2 * intervalMs ? nowMs - last.atMs : 0;
    return (frames * 1000) / (last.atMs - first.atMs + silentMs);
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
    while (this.#seen[0] && this.#seen[0].atMs < nowMs - this.windowMs) this.#seen.shift();
  }
}
