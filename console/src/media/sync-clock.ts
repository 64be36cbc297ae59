/**
 * One wall clock for all players of a page: where playback is, how fast, and whether it has to wait for a picture.
 *
 * Players follow the clock, never each other. It holds while a follower has no picture for its time (but not longer than
 * its patience: one dead camera must not stop the others) and jumps over time that no camera has footage of.
 */

import type { ClockFollower } from "./types";

export type ClockChange = "seek" | "rate" | "hold";

export interface SyncClockOptions {
  /** Called after every change of position, speed, playing or waiting. */
  readonly onChange?: (clock: SyncClock) => void;
  /** Jump over gaps in which no follower has footage. Default true. */
  readonly skipGaps?: boolean;
  /** Monotonic milliseconds; replaced in tests. */
  readonly now?: () => number;
}

interface Attached extends ClockFollower {
  clockChanged(change: ClockChange): void;
}

const TICK_MS = 40;
const PATIENCE_MS = 4000;
const MIN_SPEED = 0.25;
const MAX_SPEED = 16;

export class SyncClock {
  readonly #options: SyncClockOptions;
  readonly #now: () => number;
  readonly #followers = new Set<Attached>();
  #anchorWallMs = 0;
  #anchorMs: number;
  #speed = 1;
  #isPlaying = false;
  #isWaiting = false;
  #waitingSinceMs = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: SyncClockOptions = {}) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#anchorMs = this.#now();
    this.#timer = setInterval(() => this.tick(), TICK_MS);
  }

  /** The wall time that is shown now, UTC milliseconds. */
  get nowMs(): number {
    return this.isRunning ? this.#anchorWallMs + (this.#now() - this.#anchorMs) * this.#speed : this.#anchorWallMs;
  }

  get speed(): number {
    return this.#speed;
  }

  get isPlaying(): boolean {
    return this.#isPlaying;
  }

  /** Playing, but held for a follower that has no picture yet. */
  get isWaiting(): boolean {
    return this.#isPlaying && this.#isWaiting;
  }

  get isRunning(): boolean {
    return this.#isPlaying && !this.#isWaiting;
  }

  seek(wallMs: number): void {
    this.#anchorWallMs = wallMs;
    this.#anchorMs = this.#now();
    this.#hold(this.#followers.size > 0);
    this.#tell("seek");
  }

  play(): void {
    if (this.#isPlaying) return;
    this.#reanchor();
    this.#isPlaying = true;
    this.#waitingSinceMs = this.#now();
    this.#tell("rate");
  }

  pause(): void {
    if (!this.#isPlaying) return;
    this.#reanchor();
    this.#isPlaying = false;
    this.#tell("rate");
  }

  setSpeed(speed: number): void {
    if (!(speed >= MIN_SPEED && speed <= MAX_SPEED)) throw new RangeError(`the speed is ${MIN_SPEED} to ${MAX_SPEED}, not ${speed}`);
    this.#reanchor();
    this.#speed = speed;
    this.#tell("rate");
  }

  /** Adds a follower; the returned function removes it. Used by `PlaybackPlayer`. */
  attach(follower: Attached): () => void {
    this.#followers.add(follower);
    return () => {
      this.#followers.delete(follower);
    };
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#followers.clear();
    this.#isPlaying = false;
  }

  /** Decides whether to hold, to run or to jump. Runs by itself; called by tests. */
  tick(): void {
    if (!this.#isPlaying || this.#followers.size === 0) return;
    const followers = [...this.#followers];
    const nowMs = this.#now();
    const isBlocked = followers.some((follower) => !follower.isReady);
    const isPatient = nowMs - this.#waitingSinceMs < PATIENCE_MS;
    const hasAny = followers.some((follower) => follower.isReady);
    if (isBlocked && (isPatient || !hasAny)) {
      if (!this.#isWaiting) {
        this.#reanchor();
        this.#hold(true);
        this.#tell("hold");
      }
      return;
    }
    if (this.#isWaiting) {
      this.#anchorMs = nowMs;
      this.#isWaiting = false;
      this.#tell("hold");
    }
    if (!isBlocked) this.#waitingSinceMs = nowMs;
    this.#skipCommonGap(followers);
  }

  #skipCommonGap(followers: Attached[]): void {
    if (this.#options.skipGaps === false) return;
    const ends = followers.map((follower) => follower.gapEndMs);
    if (ends.some((end) => end === null)) return;
    const firstEndMs = Math.min(...(ends as number[]));
    if (Number.isFinite(firstEndMs) && firstEndMs > this.nowMs) this.seek(firstEndMs);
  }

  #hold(isWaiting: boolean): void {
    this.#isWaiting = isWaiting;
    this.#waitingSinceMs = this.#now();
  }

  #reanchor(): void {
    this.#anchorWallMs = this.nowMs;
    this.#anchorMs = this.#now();
  }

  #tell(change: ClockChange): void {
    for (const follower of this.#followers) follower.clockChanged(change);
    this.#options.onChange?.(this);
  }
}
