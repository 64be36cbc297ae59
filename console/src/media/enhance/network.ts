/**
 * The super-resolution network of `vedette.vision.enhance.network`: its layers, and the file that its weights come in.
 * Design: docs/design/enhance.md, "Tiles". Pure.
 */

export const SCALE = 2;
const WEIGHT_COUNT = 2560;
const FRACTION_COUNT = 9;

/** A depthwise layer and the pointwise one behind it; the skip is added before the rectifier. */
export interface Pair {
  readonly inputs: number;
  readonly outputs: number;
  readonly rows: number;
  readonly columns: number;
  readonly isRectified: boolean;
  readonly hasSkip: boolean;
}

/** The first layer, 3x3 and rectified, makes as many maps; the skip comes from it. */
export const FIRST_OUTPUTS = 32;
export const PAIRS: readonly Pair[] = [
  { inputs: 32, outputs: 16, rows: 1, columns: 5, isRectified: true, hasSkip: false },
  { inputs: 16, outputs: 32, rows: 1, columns: 5, isRectified: true, hasSkip: true },
  { inputs: 32, outputs: 16, rows: 3, columns: 3, isRectified: true, hasSkip: false },
  { inputs: 16, outputs: 4, rows: 3, columns: 3, isRectified: false, hasSkip: false },
];

export interface PairWeights {
  /** (rows x columns, inputs), tap by tap. */
  readonly depth: Float32Array;
  /** (inputs, outputs). */
  readonly point: Float32Array;
}

export interface WeightSet {
  /** (9, 32), tap by tap. */
  readonly first: Float32Array;
  readonly pairs: readonly PairWeights[];
}

/** Reads the file of a weight set. Throws when it has another size or holds no numbers. */
export function decodeWeights(file: ArrayBuffer): WeightSet {
  if (file.byteLength !== 4 * (WEIGHT_COUNT + FRACTION_COUNT)) {
    throw new Error(`a weight set has ${4 * (WEIGHT_COUNT + FRACTION_COUNT)} bytes, not ${file.byteLength}`);
  }
  const view = new DataView(file);
  const values = Float32Array.from({ length: WEIGHT_COUNT }, (_, index) => view.getFloat32(4 * index, true));
  if (!values.every(Number.isFinite)) throw new Error("weights must be numbers");
  let at = 0;
  const take = (count: number): Float32Array => values.subarray(at, (at += count));
  const first = take(9 * FIRST_OUTPUTS);
  const pairs = PAIRS.map(({ inputs, outputs, rows, columns }) => ({
    depth: take(rows * columns * inputs),
    point: take(inputs * outputs),
  }));
  return { first, pairs };
}

/** Where the taps of a kernel look, row by row, as steps across and down. */
export function tapsOf(rows: number, columns: number): [number, number][] {
  const half = (length: number): number => (length - 1) / 2;
  return Array.from({ length: rows * columns }, (_, tap) => [
    (tap % columns) - half(columns),
    Math.floor(tap / columns) - half(rows),
  ]);
}

/**
 * A pointwise layer as the 4x4 matrices that a shader multiplies: for every four inputs and every four outputs one,
 * column by column (a column is what one input gives to the four outputs).
 */
export function packPoint(point: Float32Array, inputs: number, outputs: number): Float32Array {
  const packed = new Float32Array(inputs * outputs);
  let at = 0;
  for (let from = 0; from < inputs; from += 4) {
    for (let to = 0; to < outputs; to += 4) {
      for (let input = from; input < from + 4; input += 1) {
        packed.set(point.subarray(input * outputs + to, input * outputs + to + 4), at);
        at += 4;
      }
    }
  }
  return packed;
}

/** The matrices of one pass that makes outputs `first` to `first + count` only: the same, of these columns. */
export function sliceOutputs(point: Float32Array, outputs: number, first: number, count: number): Float32Array {
  const inputs = point.length / outputs;
  const part = new Float32Array(inputs * count);
  for (let input = 0; input < inputs; input += 1) {
    part.set(point.subarray(input * outputs + first, input * outputs + first + count), input * count);
  }
  return part;
}
