/** One `Enlarger` for all tiles of a page: made for the first, closed behind the last. */

import { Enlarger } from "./enlarger";

export class EnlargerPool {
  #shared: Enlarger | null = null;
  #users = 0;

  /** Throws EnhanceError where there can be none. */
  take(): Enlarger {
    if (!this.#shared || this.#shared.isLost) {
      this.#shared = new Enlarger();
      this.#users = 0;
    }
    this.#users += 1;
    return this.#shared;
  }

  giveBack(enlarger: Enlarger): void {
    if (enlarger !== this.#shared) return; // one that was lost
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#shared = null;
    enlarger.close();
  }
}
