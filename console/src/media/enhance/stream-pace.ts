/**
 * The stream's own pace, read from the fMP4 that passes by: what its pictures last, however many of them this machine
 * shows. A machine that is short of time leaves pictures out, so what is seen on it says nothing of the pace.
 */

import { findBox } from "./box";

/** So many fragments are looked at: the clocks of cameras jitter. */
const FRAGMENTS = 32;
/** Before, nothing is said: a server assumes how long the first picture lasts. */
const PICTURES_LEAST = 4;
/** In a track run (ISO/IEC 14496-12, 8.8.8): its name and flags stand before the number of its pictures. */
const COUNT_AT = 8;

export class StreamPace {
  #found: number[] = [];
  #pictures = 0;

  /** Milliseconds from one picture to the next: the median of the last fragments; null while it is not known. */
  get pictureMs(): number | null {
    if (this.#pictures < PICTURES_LEAST) return null;
    const sorted = [...this.#found].sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? null;
  }

  /** Another stream begins. */
  init(): void {
    this.#found = [];
    this.#pictures = 0;
  }

  /** A message of pictures alone that lasts so long: one fragment, or several joined. What cannot be read tells nothing. */
  fragment(body: Uint8Array, durationS: number): void {
    const pictures = countPictures(body);
    if (pictures === 0 || durationS <= 0) return;
    this.#pictures += pictures;
    this.#found = [...this.#found, (1000 * durationS) / pictures].slice(-FRAGMENTS);
  }
}

function countPictures(body: Uint8Array): number {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let pictures = 0;
  for (let at = 0; at + 8 <= body.length; ) {
    const size = view.getUint32(at);
    if (size < 8) return pictures; // no box, or one without an end
    const box = body.subarray(at, at + size);
    const run = box[4] === 0x6d && box[5] === 0x6f ? findBox(box, "trun") : -1; // "moof"
    if (run >= 0 && run + COUNT_AT + 4 <= box.length) pictures += view.getUint32(at + run + COUNT_AT);
    at += size;
  }
  return pictures;
}
