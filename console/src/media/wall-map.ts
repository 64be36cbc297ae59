/**
 * Which wall time is which media time. Fragments arrive in order; media time has no holes, wall time jumps over the gaps of
 * the recording. Pure.
 */

interface Piece {
  mediaS: number;
  wallMs: number;
  durationS: number;
}

/** Pieces whose wall time continues within this are one piece (camera clocks jitter by milliseconds). */
const JOIN_MS = 50;

export class WallMap {
  #pieces: Piece[] = [];

  clear(): void {
    this.#pieces = [];
  }

  add(mediaS: number, wallMs: number, durationS: number): void {
    const last = this.#pieces[this.#pieces.length - 1];
    if (last && Math.abs(last.wallMs + (mediaS - last.mediaS) * 1000 - wallMs) < JOIN_MS && wallMs >= last.wallMs) {
      last.durationS = Math.max(last.durationS, mediaS + durationS - last.mediaS);
      return;
    }
    this.#pieces.push({ mediaS, wallMs, durationS });
  }

  /** Drops what lies wholly before a media time (it left the buffer). */
  trim(beforeMediaS: number): void {
    while (this.#pieces.length > 1 && this.#end(this.#pieces[0] as Piece) < beforeMediaS) this.#pieces.shift();
  }

  /** Media time of a wall time, or null where nothing was sent for it (not yet, not any more, or a gap). */
  mediaOf(wallMs: number): number | null {
    for (const piece of this.#pieces) {
      const offsetS = (wallMs - piece.wallMs) / 1000;
      // The end of a gap and the first picture after it differ by rounding and by the camera's clock.
      if (offsetS >= -JOIN_MS / 1000 && offsetS < piece.durationS) return piece.mediaS + Math.max(0, offsetS);
    }
    return null;
  }

  /** Wall time of a media time; beyond the ends the nearest piece is extended. Null when empty. */
  wallOf(mediaS: number): number | null {
    let found = this.#pieces[0];
    if (!found) return null;
    for (const piece of this.#pieces) if (piece.mediaS <= mediaS + 1e-6) found = piece;
    return found.wallMs + (mediaS - found.mediaS) * 1000;
  }

  /** The hole between two pieces that a wall time falls into, or null; its last moments belong to the picture behind it. */
  holeAt(wallMs: number): { fromMs: number; toMs: number } | null {
    for (let index = 1; index < this.#pieces.length; index += 1) {
      const before = this.#pieces[index - 1] as Piece;
      const after = this.#pieces[index] as Piece;
      const fromMs = before.wallMs + before.durationS * 1000;
      if (wallMs >= fromMs && wallMs < after.wallMs - JOIN_MS) return { fromMs, toMs: after.wallMs };
    }
    return null;
  }

  get firstWallMs(): number | null {
    return this.#pieces[0]?.wallMs ?? null;
  }

  get endWallMs(): number | null {
    const last = this.#pieces[this.#pieces.length - 1];
    return last ? last.wallMs + last.durationS * 1000 : null;
  }

  get endMediaS(): number | null {
    const last = this.#pieces[this.#pieces.length - 1];
    return last ? this.#end(last) : null;
  }

  #end(piece: Piece): number {
    return piece.mediaS + piece.durationS;
  }
}
