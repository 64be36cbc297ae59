/** Remembers when the packet of each frame arrived at the recorder, to measure what it took to show it. */
export class Arrivals {
  #entries: { timeS: number; receivedAtMs: number }[] = [];

  constructor(readonly keep = 256) {}

  add(elementTimeS: number, receivedAtMs: number): void {
    this.#entries.push({ timeS: elementTimeS, receivedAtMs });
    if (this.#entries.length > this.keep) this.#entries.shift();
  }

  /** The arrival of the frame shown at this media time, UTC milliseconds of the server, or null. */
  find(mediaTimeS: number): number | null {
    for (let index = this.#entries.length - 1; index >= 0; index -= 1) {
      const entry = this.#entries[index] as { timeS: number; receivedAtMs: number };
      if (Math.abs(entry.timeS - mediaTimeS) < 0.002) return entry.receivedAtMs;
      if (entry.timeS < mediaTimeS - 1) return null;
    }
    return null;
  }

  clear(): void {
    this.#entries = [];
  }
}
