/**
 * The difference between the server's clock and ours, from echoed pings (the smallest round trip of the last ones is
 * the least disturbed; RFC 5905 calls this the clock filter).
 */
export class ClockOffset {
  #samples: { rttMs: number; offsetMs: number }[] = [];

  constructor(readonly keep = 8) {}

  /** One echo: when we sent, when the answer came, and the server's time in between. */
  add(sentMs: number, receivedMs: number, serverMs: number): void {
    const rttMs = receivedMs - sentMs;
    if (rttMs < 0) return;
    this.#samples.push({ rttMs, offsetMs: serverMs - (sentMs + receivedMs) / 2 });
    if (this.#samples.length > this.keep) this.#samples.shift();
  }

  /** Server time minus our time, milliseconds, or null before the first echo. */
  get offsetMs(): number | null {
    if (this.#samples.length === 0) return null;
    return this.#samples.reduce((best, sample) => (sample.rttMs < best.rttMs ? sample : best)).offsetMs;
  }
}
