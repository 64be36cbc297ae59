/**
 * How coarsely an H.264 stream is quantised now: the quantisers that its slices begin with (ITU-T H.264, 7.3.2 and
 * 7.3.3), read from the fMP4 that passes by. What cannot be read tells nothing; other codecs tell nothing.
 */

import { type Bits, readBits } from "./bits";
import { findBox } from "./box";

/** The server takes the mean of twelve pictures; here it moves on, as light and scene change. */
const SLICES = 24;
/** Longer slice headers are not looked at: only a table of weights for many pictures makes them so. */
const HEADER_BYTES = 256;
const HIGH_PROFILES: ReadonlySet<number> = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128]);

export interface SequenceSet {
  readonly chromaFormat: number;
  readonly hasSeparateColours: boolean;
  readonly frameNumberBits: number;
  readonly orderKind: number;
  readonly orderBits: number;
  readonly isOrderFixed: boolean;
  readonly isFramesOnly: boolean;
}

export interface PictureSet {
  readonly hasCabac: boolean;
  readonly hasFieldOrder: boolean;
  readonly references: readonly [number, number];
  readonly isWeighted: boolean;
  readonly biWeights: number;
  readonly qp: number;
  readonly hasRedundant: boolean;
}

export class QuantiserMeter {
  #lengthBytes = 4;
  #sequence: SequenceSet | null = null;
  #picture: PictureSet | null = null;
  #found: number[] = [];

  /** Mean over the last slices, 0 to 51, or null. */
  get qp(): number | null {
    const found = this.#found;
    return found.length === 0 ? null : found.reduce((sum, qp) => sum + qp, 0) / found.length;
  }

  init(body: Uint8Array): void {
    this.#found = [];
    this.#sequence = this.#picture = null;
    const at = findBox(body, "avcC");
    if (at < 0) return;
    try {
      this.#readSets(body, at + 4);
    } catch {
      this.#sequence = this.#picture = null; // damaged, or of a kind that is not known here
    }
  }

  fragment(body: Uint8Array): void {
    const [sequence, picture] = [this.#sequence, this.#picture];
    const box = sequence && picture ? findBox(body, "mdat") : -1;
    if (!sequence || !picture || box < 0) return;
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    const end = Math.min(body.length, box - 4 + view.getUint32(box - 4));
    let at = box + 4;
    while (at + this.#lengthBytes < end) {
      let length = 0;
      for (let byte = 0; byte < this.#lengthBytes; byte += 1) length = length * 256 + (body[at + byte] as number);
      at += this.#lengthBytes;
      this.#take(body.subarray(at, Math.min(at + length, at + HEADER_BYTES, end)), sequence, picture);
      at += length;
    }
  }

  #take(slice: Uint8Array, sequence: SequenceSet, picture: PictureSet): void {
    const kind = (slice[0] ?? 0) & 31;
    if (kind !== 1 && kind !== 5) return;
    try {
      const qp = sliceQp(slice, sequence, picture);
      if (qp >= 0 && qp <= 51) this.#found = [...this.#found, qp].slice(-SLICES);
    } catch {
      // says nothing
    }
  }

  /** ISO/IEC 14496-15, 5.3.3.1: the first set of each kind. */
  #readSets(body: Uint8Array, at: number): void {
    this.#lengthBytes = ((body[at + 4] ?? 0) & 3) + 1;
    const length = (place: number): number => ((body[place] ?? 0) << 8) | (body[place + 1] ?? 0);
    const sequenceAt = at + 6;
    const pictureAt = sequenceAt + 2 + length(sequenceAt) + 1;
    this.#sequence = readSequence(body.subarray(sequenceAt + 2, sequenceAt + 2 + length(sequenceAt)));
    this.#picture = readPicture(body.subarray(pictureAt + 2, pictureAt + 2 + length(pictureAt)));
  }
}

function readSequence(unit: Uint8Array): SequenceSet {
  const bits = readBits(unit, 4);
  bits.ue();
  let [chromaFormat, hasSeparateColours] = [1, false];
  if (HIGH_PROFILES.has(unit[1] ?? 0)) {
    chromaFormat = bits.ue();
    if (chromaFormat === 3) hasSeparateColours = bits.flag();
    bits.ue();
    bits.ue();
    bits.flag();
    if (bits.flag()) throw new Error("scaling lists are not read");
  }
  const frameNumberBits = bits.ue() + 4;
  const orderKind = bits.ue();
  const orderBits = orderKind === 0 ? bits.ue() + 4 : 0;
  let isOrderFixed = false;
  if (orderKind === 1) {
    isOrderFixed = bits.flag();
    bits.ue();
    bits.ue();
    for (let left = bits.ue(); left > 0; left -= 1) bits.ue();
  }
  for (const skipped of [bits.ue(), bits.flag(), bits.ue(), bits.ue()]) void skipped; // references, gaps, width, height
  return { chromaFormat, hasSeparateColours, frameNumberBits, orderKind, orderBits, isOrderFixed, isFramesOnly: bits.flag() };
}

function readPicture(unit: Uint8Array): PictureSet {
  const bits = readBits(unit, 1);
  bits.ue();
  bits.ue();
  const hasCabac = bits.flag();
  const hasFieldOrder = bits.flag();
  if (bits.ue() > 0) throw new Error("slice groups are not read");
  const references = [bits.ue() + 1, bits.ue() + 1] as const;
  const isWeighted = bits.flag();
  const biWeights = bits.take(2);
  const qp = 26 + bits.se();
  bits.se();
  bits.se();
  bits.take(2);
  return { hasCabac, hasFieldOrder, references, isWeighted, biWeights, qp, hasRedundant: bits.flag() };
}

function sliceQp(slice: Uint8Array, sequence: SequenceSet, picture: PictureSet): number {
  const isIdr = ((slice[0] as number) & 31) === 5;
  const bits = readBits(slice, 1);
  bits.ue();
  const kind = bits.ue() % 5; // 0 P, 1 B, 2 I
  if (kind > 2) throw new Error("switching slices are not read");
  bits.ue();
  if (sequence.hasSeparateColours) bits.take(2);
  bits.take(sequence.frameNumberBits);
  const isField = !sequence.isFramesOnly && bits.flag();
  if (isField) bits.flag();
  if (isIdr) bits.ue();
  skipOrder(bits, sequence, picture.hasFieldOrder && !isField);
  if (picture.hasRedundant) bits.ue();
  if (kind !== 2) skipReferences(bits, kind, sequence, picture);
  if (((slice[0] as number) >> 5) & 3) skipMarking(bits, isIdr);
  if (picture.hasCabac && kind !== 2) bits.ue();
  return picture.qp + bits.se();
}

function skipOrder(bits: Bits, sequence: SequenceSet, hasSecond: boolean): void {
  if (sequence.orderKind === 0) {
    bits.take(sequence.orderBits);
    if (hasSecond) bits.ue();
  } else if (sequence.orderKind === 1 && !sequence.isOrderFixed) {
    bits.ue();
    if (hasSecond) bits.ue();
  }
}

function skipReferences(bits: Bits, kind: number, sequence: SequenceSet, picture: PictureSet): void {
  const lists = kind === 1 ? 2 : 1;
  const counts = [...picture.references];
  if (kind === 1) bits.flag();
  if (bits.flag()) for (let list = 0; list < lists; list += 1) counts[list] = bits.ue() + 1;
  for (let list = 0; list < lists; list += 1) {
    if (bits.flag()) while (bits.ue() !== 3) bits.ue();
  }
  const isWeighted = kind === 0 ? picture.isWeighted : picture.biWeights === 1;
  if (!isWeighted) return;
  const hasColour = sequence.chromaFormat !== 0 && !sequence.hasSeparateColours;
  bits.ue();
  if (hasColour) bits.ue();
  for (let list = 0; list < lists; list += 1) {
    for (let left = counts[list] as number; left > 0; left -= 1) {
      if (bits.flag()) [bits.ue(), bits.ue()];
      if (hasColour && bits.flag()) [bits.ue(), bits.ue(), bits.ue(), bits.ue()];
    }
  }
}

function skipMarking(bits: Bits, isIdr: boolean): void {
  if (isIdr) {
    bits.take(2);
    return;
  }
  if (!bits.flag()) return;
  for (let operation = bits.ue(); operation !== 0; operation = bits.ue()) {
    if (operation !== 5) bits.ue();
    if (operation === 3) bits.ue();
  }
}
