/** How long to wait before the next connection: doubling, bounded, with jitter so that a wall does not return as one. */
export class Backoff {
  #failures = 0;

  constructor(
    readonly firstMs = 500,
    readonly maxMs = 10_000,
    readonly random: () => number = Math.random,
  ) {}

  /** The pause after one more failure. */
  nextMs(): number {
    const full = Math.min(this.maxMs, this.firstMs * 2 ** this.#failures);
    this.#failures += 1;
    return full * (0.5 + this.random() / 2);
  }

  /** Data has arrived: the next failure is a first one again. */
  reset(): void {
    this.#failures = 0;
  }
}
